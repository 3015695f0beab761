// Package offloadstream streams a response from a raw Lambda handler: status and headers go out at once, the body
// as it is written, and tasks deferred with offload.After run when its end is out.
//
//	func chat(ctx context.Context, req events.LambdaFunctionURLRequest) (*offloadstream.Response, error) {
//		head := offloadstream.Head{Header: http.Header{"Content-Type": {"text/plain"}}}
//		return offloadstream.New(ctx, head, func(ctx context.Context, w *offloadstream.Writer) error {
//			for token := range answer(ctx, req.Body) {
//				if _, err := w.WriteString(token); err != nil {
//					return err
//				}
//			}
//			return offload.After(ctx, saveTranscript.With(…))
//		}), nil
//	}
//
//	func main() { offload.Start(chat) }
//
// The function behind a [Response] may go on for as long as the invocation has time. Package offloadhttp does
// the same for net/http handlers.
//
// # Where it works
//
// Behind a function URL with InvokeMode RESPONSE_STREAM, an API Gateway REST API whose integration has the response
// transfer mode STREAM, and for callers of InvokeWithResponseStream. A function cannot see how it was invoked.
// Behind a function URL in BUFFERED mode the same bytes are collected first; what AWS makes of the prelude there
// was not verified. An API Gateway integration in buffered mode returns status and headers without a body (API
// Gateway Developer Guide, "Set up a Lambda proxy integration with payload response streaming"). HTTP APIs and load
// balancers do not stream. Functions in a VPC cannot stream through a function URL (Lambda Developer Guide,
// "Response streaming").
//
// # Limits
//
// A streamed response has at most [MaxBytes]. The first 6 MB go out as fast as they can, the rest at 2 MB/s (Lambda
// Developer Guide, "Response streaming"; for a REST API it is the first 10 MB). A REST API ends a stream that was
// idle for 5 minutes, an edge-optimised one after 30 seconds. Writes block while [BufferBytes] wait to be
// sent, so a slow client holds up the function: memory stays small, and the time is billed.
//
// # When it goes wrong
//
// Lambda goes on running a function whose client has disconnected, and bills it (Lambda Developer Guide, "Response
// streaming"): a write then usually succeeds. If the runtime's connection breaks, a write returns [ErrNotRead] and
// the context is cancelled.
//
// An error of the function before its first byte is too late for another status: the head is out. It is reported to
// Lambda in the trailers Lambda-Runtime-Function-Error-Type and -Body, which aws-lambda-go sends when a response
// ends in an error; a function URL's client sees the connection break off, a caller of InvokeWithResponseStream
// gets the error in InvokeComplete. What the tail is concerned, such an invocation counts as a success: its tasks
// run.
package offloadstream
