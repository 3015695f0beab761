// Package offloadtest is for unit tests of handlers that call offload.After. It
// needs no Lambda, no strategy and no network: a [Recorder] accepts what the handler
// defers, and the test asks what that was, or runs it.
//
//	rec := offloadtest.New(t)
//	if _, err := checkout(rec.Context(t.Context()), event); err != nil {
//		t.Fatal(err)
//	}
//	receipt := offloadtest.RequireDeferred(t, rec, sendReceipt)
//
// After checks a task here as it does in a function, except for what depends on the
// strategies that are selected there: the size of the task, and whether they take
// closures and delays. To test with a strategy and a frozen environment, use package lambdatest.
//
// The package does not import package testing; *testing.T, *testing.B and *testing.F are a [TB].
package offloadtest

// TB is what the package uses of testing.TB.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(f func())
}
