package offload

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-offload/lambda/offload/driver"
)

// link is one strategy of the chain: a keeper or a sender.
type link struct {
	_      incomparable
	name   string
	keeper driver.Keeper
	sender driver.Sender
	limits driver.Limits
}

// ownStrategies are the strategies of this module, for the import line in errors.
var ownStrategies = []string{"extension", "invoke", "sqs", "stream"}

const strategiesPath = "github.com/go-offload/lambda/strategies/"

// selectStrategies gives the strategies that code or environment ask for.
func (o *options) selectStrategies() ([]driver.Strategy, error) {
	if len(o.strategies) > 0 {
		return o.strategies, nil
	}
	chain, origin := o.chain, "WithStrategy"
	if chain == "" {
		chain, origin = o.getenv("OFFLOAD_STRATEGY"), "OFFLOAD_STRATEGY"
	}
	if strings.TrimSpace(chain) == "" {
		if o.worker || o.process != nil {
			return nil, nil // one that is linked and not set up should not stop a program that does not need it
		}
		linked := driver.Names()
		if len(linked) != 1 {
			missing := ""
			if len(linked) == 0 {
				missing = "extension"
			}
			return nil, fmt.Errorf("%w: no strategy is selected: set OFFLOAD_STRATEGY, for example to \"extension\", or use offload.WithStrategy; %s", ErrConfig, describe(linked, missing))
		}
		chain = linked[0]
	}
	names := strings.Split(chain, ",")
	strategies := make([]driver.Strategy, len(names))
	for i, name := range names {
		name = strings.TrimSpace(name)
		if name == "" {
			return nil, fmt.Errorf("%w: %s=%q has an empty name; write it as in \"extension,sqs\"", ErrConfig, origin, chain)
		}
		s, ok := driver.New(name)
		if !ok {
			return nil, fmt.Errorf("%w: %q in %s=%q; %s", ErrUnknownStrategy, name, origin, chain, describe(driver.Names(), name))
		}
		if add := crossingOf(name); add != nil {
			add(o)
		} else if _, sends := s.(driver.Sender); sends {
			return nil, fmt.Errorf("%w: strategy %q sends tasks, and was registered with driver.Register; its package must use offload.RegisterSender", ErrConfig, name)
		}
		strategies[i] = s
	}
	return strategies, nil
}

// describe tells which strategies are linked into the program, and how to link one that is missing.
func describe(linked []string, missing string) string {
	text := "linked into this program: " + strings.Join(linked, ", ")
	if len(linked) == 0 {
		text = "no strategy is linked into this program"
	}
	if slices.Contains(ownStrategies, missing) {
		text += " (forgotten import? add: import _ \"" + strategiesPath + missing + "\")"
	}
	return text
}

// openChain opens the selected strategies and checks that they make a chain.
func (o *offloader) openChain(ctx context.Context, strategies []driver.Strategy, env *driver.Env) error {
	o.chain = make([]link, len(strategies))
	for i, s := range strategies {
		if s == nil {
			return fmt.Errorf("%w: strategy %d of the chain is nil", ErrConfig, i+1)
		}
		l := &o.chain[i]
		l.name = s.Name()
		l.keeper, _ = s.(driver.Keeper)
		l.sender, _ = s.(driver.Sender)
		for j := range i {
			if o.chain[j].name == l.name {
				return fmt.Errorf("%w: strategy %q is in the chain twice", ErrConfig, l.name)
			}
		}
		switch {
		case (l.keeper == nil) == (l.sender == nil):
			return fmt.Errorf("%w: strategy %q must be either a driver.Keeper or a driver.Sender", ErrConfig, l.name)
		case l.sender != nil:
			o.sends = true
		case o.keeper != nil:
			return fmt.Errorf("%w: the chain has two strategies that keep the environment awake, %q and %q; one is enough, what it cannot finish the other could not either", ErrConfig, o.keeper.Name(), l.name)
		default:
			o.keeper = l.keeper
		}
		if err := s.Open(ctx, *env); err != nil {
			return fmt.Errorf("offload: strategy %q: %w", l.name, err)
		}
		if l.sender != nil {
			if err := o.opts.crossing.measure(l); err != nil {
				return err
			}
		}
		if t, ok := s.(driver.Thawer); ok {
			o.opts.thaw = append(o.opts.thaw, t.Thaw)
		}
	}
	return nil
}

// keeps checks that a keeper takes the task.
func (l *link) keeps(e *entry) error {
	if e.set.delay > 0 {
		return fmt.Errorf("%w: Delay(%v) of task %q: strategy %q runs tasks right after the response, and waiting there would be billed; a delay needs a sender in the chain, such as sqs",
			ErrInvalidOption, e.set.delay, e.name, l.name)
	}
	return nil
}
