package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

// On Lambda Managed Instances an environment has several invocations at a time, and no extension hears of them. The chains
// hold what they promise there too.
func TestManagedInstances(t *testing.T) {
	t.Parallel()
	for _, chain := range []string{"stream,sqs", "extension,sqs", "invoke", "sqs,stream"} {
		trial{t, chain}.sub(chain, func(t trial) {
			c := newCloud(t, t.strategy, config{Function: lambdatest.Function{EnvironmentConcurrency: 32}})
			c.ok(t, event{}) // the environment is there
			var clients sync.WaitGroup
			var names []string
			for i := range 8 {
				here, leaves := fmt.Sprint("stays-", i), fmt.Sprint("leaves-", i)
				names = append(names, here, leaves)
				payload, err := json.Marshal(event{Do: "linger", Tasks: append(portable("", here), portable("fail-here", leaves)...)})
				if err != nil {
					t.Fatal(err)
				}
				clients.Go(func() {
					if res, err := c.Invoke(t.Context(), payload); err != nil || res.FunctionError != "" {
						t.Errorf("%+v, %v", res, err)
					}
				})
			}
			clients.Wait()
			// Nothing freezes here, so an invocation is over when it is answered, whatever goes on after it.
			eventually(t, "all tasks are done", func() bool {
				return !slices.ContainsFunc(names, func(name string) bool { return c.count(t, "done", name, "") == 0 })
			})
			c.settle(t)
			c.did(t, names...)
			c.noFault(t)
			if n := len(c.Environments()); n != 1 {
				t.Errorf("%d environments, want one for all", n)
			}
		})
	}
}
