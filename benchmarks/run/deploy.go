package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/network"
	"github.com/go-offload/lambda/benchmarks/stack"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// deployer makes a contestant's stack for a workload.
type deployer func(ctx context.Context, c cost.Contestant, w *workload.Workload) (stack.Stack, error)

// local deploys under the local Lambda.
func local(profile *network.Profile) deployer {
	return func(ctx context.Context, c cost.Contestant, w *workload.Workload) (stack.Stack, error) {
		return stack.NewLocal(ctx, c, w, profile)
	}
}

// deployed uses what is deployed on AWS, as the file says.
func deployed(ctx context.Context, file string) (deployer, error) {
	deployment, logs, err := reach(ctx, file)
	if err != nil {
		return nil, err
	}
	return func(_ context.Context, c cost.Contestant, _ *workload.Workload) (stack.Stack, error) {
		return stack.NewAWS(deployment.Contestants[c], logs, stack.DefaultPatience), nil
	}, nil
}

// reach reads what is deployed, and the configuration to read its logs with.
func reach(ctx context.Context, file string) (*stack.Deployment, stack.Logs, error) {
	deployment, err := stack.ReadDeployment(file)
	if err != nil {
		return nil, nil, err
	}
	logs, err := stack.NewLogs(ctx)
	return deployment, logs, err
}

// leaveOutUndeployed leaves out what is not deployed, and what cannot be measured on AWS.
func (s *settings) leaveOutUndeployed(ctx context.Context, profile *network.Profile) error {
	if profile.Modelled() {
		return errors.New("-network aws models what -target aws measures: use one of them")
	}
	if s.stack == "" {
		return errors.New("-target aws needs -stack, also to go on with a run")
	}
	deployment, _, err := reach(ctx, s.stack)
	if err != nil {
		return err
	}
	s.contestants = slices.DeleteFunc(s.contestants, func(c cost.Contestant) bool {
		_, there := deployment.Contestants[c]
		return !there
	})
	s.workloads = slices.DeleteFunc(s.workloads, func(w workload.Workload) bool { return w.Load.Shape == workload.Burst })
	if len(s.contestants) == 0 || len(s.workloads) == 0 {
		return fmt.Errorf("nothing is left to measure: the deployment has %v, and a burst from cold cannot be had on AWS", deployment.Names())
	}
	return nil
}
