package invoke

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/awsclient"
)

// Send implements [driver.Sender] with one call of Invoke for each message; package offload
// gives one message at a time.
func (s *Strategy) Send(ctx context.Context, batch []driver.Message) []error {
	var errs []error
	for i := range batch {
		err := s.invoke(ctx, &batch[i])
		if err != nil && errs == nil {
			errs = make([]error, len(batch))
		}
		if err != nil {
			errs[i] = err
		}
	}
	return errs
}

func (s *Strategy) invoke(ctx context.Context, m *driver.Message) error {
	output, err := s.client.Invoke(ctx, &lambda.InvokeInput{
		FunctionName:   aws.String(s.function.name),
		Qualifier:      s.function.qualifier,
		InvocationType: types.InvocationTypeEvent,
		Payload:        m.Body,
	}, withTrace(m.TraceHeader)...)
	if err != nil {
		return awsclient.Explain("invoke: "+s.function.String(), err, help)
	}
	if output.StatusCode != http.StatusAccepted {
		// Whoever answers like this may have run the function; once more would be wrong.
		return backoff.Permanent(fmt.Errorf("invoke: %s: status %d where an asynchronous invocation is answered with 202; is the endpoint that of Lambda?", s.function, output.StatusCode))
	}
	return nil
}

// withTrace passes the trace header on. The SDK does so too, from the environment, where only one
// invocation at a time has a process: without the header Lambda cannot see that a function keeps
// invoking itself.
func withTrace(header string) []func(*lambda.Options) {
	if !isHeaderValue(header) {
		return nil
	}
	return []func(*lambda.Options){
		lambda.WithAPIOptions(smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", header)),
	}
}

// isHeaderValue keeps a strange trace header from failing the call.
func isHeaderValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// help is for the two mistakes that everybody makes once.
var help = map[string]string{
	"AccessDenied":              needsInvoke,
	"AccessDeniedException":     needsInvoke,
	"ResourceNotFoundException": "there is no such function, version or alias in that account and region",
}

const needsInvoke = "the role of the function that defers needs lambda:InvokeFunction on it, for a version or an alias on that"
