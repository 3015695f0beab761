package offloadstream_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloadstream"
	_ "github.com/go-offload/lambda/strategies/stream"
)

var saveTranscript = offload.Define("offloadstream-example-save", func(context.Context, string) error { return nil })

// chat is a raw handler: it returns at once, and the function it passes on writes the body.
func chat(ctx context.Context, req events.LambdaFunctionURLRequest) (*offloadstream.Response, error) {
	head := offloadstream.Head{Header: http.Header{"Content-Type": {"text/plain"}}}
	return offloadstream.New(ctx, head, func(ctx context.Context, w *offloadstream.Writer) error {
		for token := range strings.SplitAfterSeq("So you ask: "+req.Body, " ") {
			if _, err := w.WriteString(token); err != nil {
				return err
			}
		}
		return offload.After(ctx, saveTranscript.With(req.Body)) // runs when the client has the last token
	}), nil
}

func Example() { //nolint:testableexamples // Start does not return
	offload.Start(chat)
}

// What goes out: the head as JSON, eight NUL bytes, and the body.
func ExampleNew() {
	response := offloadstream.New(context.Background(), offloadstream.Head{Status: http.StatusAccepted}, func(_ context.Context, w *offloadstream.Writer) error {
		_, err := w.WriteString("hello")
		return err
	})
	b, err := io.ReadAll(response)
	fmt.Printf("%q %v\n", b, err)
	fmt.Println(response.Close())
	// Output:
	// "{\"statusCode\":202}\x00\x00\x00\x00\x00\x00\x00\x00hello" <nil>
	// <nil>
}
