package offload_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// done notes what tasks did, by test.
var done = struct {
	sync.Mutex
	names map[string][]string
	info  map[string]offload.TaskInfo
}{names: map[string][]string{}, info: map[string]offload.TaskInfo{}}

func doneIn(t *testing.T) []string {
	t.Helper()
	done.Lock()
	defer done.Unlock()
	return slices.Clone(done.names[t.Name()])
}

// forget makes the test's next run begin with no tasks done.
func forget(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		done.Lock()
		defer done.Unlock()
		delete(done.names, t.Name())
	})
}

// seenBy gives what TaskFromContext said to the task.
func seenBy(t *testing.T, name string) offload.TaskInfo {
	t.Helper()
	done.Lock()
	defer done.Unlock()
	return done.info[t.Name()+name]
}

// released has a channel for each test with tasks that ignore their context.
var released sync.Map

// napTime is how long a task with "nap" takes.
const napTime = time.Second

var worker *offload.Definition[work]

func init() {
	worker = offload.Define("worker-test", func(ctx context.Context, w work) error {
		info, _ := offload.TaskFromContext(ctx)
		done.Lock()
		done.names[w.Test] = append(done.names[w.Test], w.Name)
		done.info[w.Test+w.Name] = info
		done.Unlock()
		switch w.Do {
		case "fail":
			return errWork
		case "never":
			return backoff.Permanent(errWork)
		case "panic":
			panic("the work panicked")
		case "nest":
			return offload.After(ctx, worker.With(work{w.Test, w.Name + "/nested", ""}), offload.ID(w.Name+"-nested"))
		case "nest and fail":
			if err := offload.After(ctx, worker.With(work{w.Test, w.Name + "/success", ""}), offload.ID(w.Name+"-success"), offload.OnlyOnSuccess()); err != nil {
				return err
			}
			if err := offload.After(ctx, worker.With(work{w.Test, w.Name + "/always", ""}), offload.ID(w.Name+"-always")); err != nil {
				return err
			}
			return errWork
		case "nest and fail late":
			if err := offload.After(ctx, worker.With(work{w.Test, w.Name + "/success", ""}), offload.ID(w.Name+"-success"), offload.OnlyOnSuccess()); err != nil {
				return err
			}
			<-time.After(2 * napTime)
			return errWork
		case "nap and nest":
			<-time.After(napTime)
			return offload.After(ctx, worker.With(work{w.Test, w.Name + "/nested", ""}), offload.ID(w.Name+"-nested"), offload.OnlyOnSuccess())
		case "hang":
			<-ctx.Done()
			return context.Cause(ctx)
		case "nap":
			<-time.After(napTime)
		case "ignore":
			release, _ := released.Load(w.Test)
			<-release.(chan struct{})
		}
		return nil
	})
}

func workEnvelope(t *testing.T, name, do string, change ...func(*driver.Envelope)) []byte {
	t.Helper()
	forget(t)
	data, err := json.Marshal(work{t.Name(), name, do})
	if err != nil {
		t.Fatal(err)
	}
	return envelope(t, "worker-test", name, string(data), change...)
}
