package offload

import (
	"runtime"
	"strings"
	"sync/atomic"
)

// outerCheck finds out whether something stands between our handler and the loop
// of aws-lambda-go. A lambda.Handler around ours (tracing wrappers have that
// shape) reads the response and closes it before aws-lambda-go sends it: the tail then runs
// first and the client waits for it. Nothing is lost, but nothing is gained either.
//
// Only who called Close tells; the answer is the same for every invocation of a
// process, so it is asked once.
type outerCheck struct {
	done atomic.Bool
}

func (c *outerCheck) check(s *scope) {
	if c.done.Load() || c.done.Swap(true) {
		return
	}
	if by := closedBy(); by != "" {
		s.off.log.ErrorContext(s, "offload: a wrapper around the handler closes the response before it is sent, so tasks run before the response and the caller waits for them; "+
			"wrap the other way round: offload.Start(wrapper(handler)) instead of lambda.Start(wrapper(offload.Wrap(handler)))", "closedBy", by, s.logID())
	}
}

// closedBy names the caller of Close if it is lambda.Handler's Invoke, which is
// never on the stack when the loop itself closes a response.
func closedBy() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "github.com/aws/aws-lambda-go/lambda.") && strings.HasSuffix(frame.Function, ".Invoke") {
			outer, _ := frames.Next()
			return outer.Function
		}
		if strings.HasSuffix(frame.Function, "lambda.handleInvoke") || !more {
			return ""
		}
	}
}
