package driver

import (
	"fmt"
	"slices"
	"sync"
)

// registry holds the linked strategies by name. Together with the registry of
// tasks it is the only global state there is.
var registry = struct {
	sync.Mutex
	constructors map[string]func() Strategy
}{constructors: map[string]func() Strategy{}}

// Register makes a keeper selectable by name, in OFFLOAD_STRATEGY and in code. Senders use
// offload.RegisterSender, which links what they need.
// It is meant for init functions, and panics if name is empty or taken or if
// construct is nil: two strategies of one name would make the choice depend on the
// order in which packages are linked. construct must have no side effects.
func Register(name string, construct func() Strategy) {
	registry.Lock()
	defer registry.Unlock()
	if name == "" || construct == nil {
		panic("offload: driver.Register needs a name and a constructor")
	}
	if _, taken := registry.constructors[name]; taken {
		panic(fmt.Sprintf("offload: driver.Register called twice for strategy %q", name))
	}
	registry.constructors[name] = construct
}

// New constructs the strategy that was registered under name. It reports false
// if no linked package registered one.
func New(name string) (Strategy, bool) {
	registry.Lock()
	construct, ok := registry.constructors[name]
	registry.Unlock()
	if !ok {
		return nil, false
	}
	return construct(), true
}

// Names lists the registered strategies in alphabetical order.
func Names() []string {
	var names []string
	registry.Lock()
	for name := range registry.constructors {
		names = append(names, name)
	}
	registry.Unlock()
	slices.Sort(names)
	return names
}
