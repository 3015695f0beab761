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
	name   string
	keeper driver.Keeper
	sender driver.Sender
	limits limits
}

// ownStrategies are the strategies of this module, for the import line in errors.
var ownStrategies = []string{"extension", "invoke", "sqs", "stream"}

const strategiesPath = "github.com/go-offload/lambda/strategies/"

// selectStrategies gives the strategies that code or environment ask for.
func selectStrategies(o *options) ([]driver.Strategy, error) {
	if len(o.strategies) > 0 {
		return o.strategies, nil
	}
	chain, origin := o.chain, "WithStrategy"
	if chain == "" {
		chain, origin = o.getenv("OFFLOAD_STRATEGY"), "OFFLOAD_STRATEGY"
	}
	linked := driver.Names()
	if strings.TrimSpace(chain) == "" {
		if o.worker || o.process {
			return nil, nil // one that is linked and not set up should not stop a program that does not need it
		}
		if len(linked) != 1 {
			hint := ""
			if len(linked) == 0 {
				hint = missingImport("extension")
			}
			return nil, fmt.Errorf("%w: no strategy is selected: set OFFLOAD_STRATEGY, for example to %q, or use offload.WithStrategy; %s",
				ErrConfig, "extension", describeLinked(linked)+hint)
		}
		chain = linked[0]
	}
	names := strings.Split(chain, ",")
	strategies := make([]driver.Strategy, 0, len(names))
	for _, name := range names {
		name = strings.TrimSpace(name)
		if name == "" {
			return nil, fmt.Errorf("%w: %s=%q has an empty name; write it as in \"extension,sqs\"", ErrConfig, origin, chain)
		}
		s, ok := driver.New(name)
		if !ok {
			return nil, fmt.Errorf("%w: %q in %s=%q; %s%s", ErrUnknownStrategy, name, origin, chain, describeLinked(linked), missingImport(name))
		}
		if add := crossingOf(name); add != nil {
			add(o)
		} else if _, sends := s.(driver.Sender); sends {
			return nil, fmt.Errorf("%w: strategy %q sends tasks, and was registered with driver.Register; its package must use offload.RegisterSender", ErrConfig, name)
		}
		strategies = append(strategies, s)
	}
	return strategies, nil
}

func describeLinked(linked []string) string {
	if len(linked) == 0 {
		return "no strategy is linked into this program"
	}
	return "linked into this program: " + strings.Join(linked, ", ")
}

func missingImport(name string) string {
	if !slices.Contains(ownStrategies, name) {
		return ""
	}
	return fmt.Sprintf(" (forgotten import? add: import _ %q)", strategiesPath+name)
}

// openChain opens the selected strategies and checks that they make a chain.
func (o *options) openChain(ctx context.Context, strategies []driver.Strategy, env driver.Env) ([]link, error) {
	chain := make([]link, 0, len(strategies))
	keeper := ""
	for i, s := range strategies {
		if s == nil {
			return nil, fmt.Errorf("%w: strategy %d of the chain is nil", ErrConfig, i+1)
		}
		l := link{name: s.Name()}
		l.keeper, _ = s.(driver.Keeper)
		l.sender, _ = s.(driver.Sender)
		switch {
		case (l.keeper == nil) == (l.sender == nil):
			return nil, fmt.Errorf("%w: strategy %q must be either a driver.Keeper or a driver.Sender", ErrConfig, l.name)
		case slices.ContainsFunc(chain, func(other link) bool { return other.name == l.name }):
			return nil, fmt.Errorf("%w: strategy %q is in the chain twice", ErrConfig, l.name)
		case l.keeper != nil && keeper != "":
			return nil, fmt.Errorf("%w: the chain has two strategies that keep the environment awake, %q and %q; one is enough, what it cannot finish the other could not either", ErrConfig, keeper, l.name)
		case l.keeper != nil:
			keeper = l.name
		}
		if err := s.Open(ctx, env); err != nil {
			return nil, fmt.Errorf("offload: strategy %q: %w", l.name, err)
		}
		if l.sender != nil {
			if err := o.crossing.measure(&l); err != nil {
				return nil, err
			}
		}
		chain = append(chain, l)
	}
	return chain, nil
}

// keeps checks that a keeper takes the task.
func (l *link) keeps(e *entry) error {
	if e.set.delay > 0 {
		return fmt.Errorf("%w: Delay(%v) of task %q: strategy %q runs tasks right after the response, and waiting there would be billed; a delay needs a sender in the chain, such as sqs",
			ErrInvalidOption, e.set.delay, e.name, l.name)
	}
	return nil
}
