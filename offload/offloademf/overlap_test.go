package offloademf

import (
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload"
)

// Where invocations overlap, the end of one writes its own line, and SIGTERM the rest. Otherwise it writes what an
// invocation before it has left, too.
func TestOverlap(t *testing.T) {
	t.Parallel()
	for overlap, first := range map[bool]int{true: 1, false: 2} {
		var out bytes.Buffer
		m, err := New(&Options{Writer: &out})
		if err != nil {
			t.Fatal(err)
		}
		m.overlap = overlap // aws-lambda-go reads AWS_LAMBDA_MAX_CONCURRENCY when the program starts
		for _, id := range []string{"r-1", "r-2"} {
			m.Observe(t.Context(), offload.Event{Kind: offload.Done, Task: offload.TaskInfo{Name: "a", RequestID: id}})
		}
		if err := m.Flush(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r-2"})); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), "\n"); n != first || !strings.Contains(out.String(), "r-2") {
			t.Errorf("overlap %v: %d lines at the end of r-2:\n%s", overlap, n, &out)
		}
		if err := m.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), "\n"); n != 2 {
			t.Errorf("overlap %v: %d lines at SIGTERM", overlap, n)
		}
	}
}
