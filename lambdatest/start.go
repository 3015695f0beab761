package lambdatest

import "context"

// TB is the part of testing.TB that Start needs, so that this package does not link package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Start deploys a function on a service of its own for the length of a test. If the test fails, the function's log
// goes to the test's.
func Start(tb TB, f Function) *Lambda {
	tb.Helper()
	s, err := New(nil)
	if err != nil {
		tb.Fatalf("%v", err)
		return nil
	}
	// Registered before anything can fail, so that no process outlives the test.
	var l *Lambda
	tb.Cleanup(func() {
		tb.Helper()
		_ = s.Close()
		if l != nil && tb.Failed() {
			tb.Logf("log of %s:\n%s", l.Name(), l.LogText())
		}
	})
	l, err = s.Deploy(context.Background(), f)
	if err != nil {
		tb.Fatalf("%v", err)
		return nil
	}
	return l
}
