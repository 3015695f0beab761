package offload

import (
	"context"
	"encoding/json"
	"reflect"
	"runtime"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/handlertrace"
)

// handlerFunc is what all handlers come down to.
type handlerFunc func(ctx context.Context) (any, error)

// eventHandler is a handler of events that are not decoded.
type eventHandler func(ctx context.Context, event []byte) (any, error)

// adapt gives a handler for lambda.Start that does what handler does, inside a
// scope. aws-lambda-go goes on decoding events and running the loop.
func (o *offloader) adapt(handler any) (any, error) {
	if h, ok := handler.(lambda.Handler); ok {
		return o.adaptRaw(invoking(h)), nil
	}
	sig, err := signatureOf(handler)
	if err != nil {
		return nil, err
	}
	if o.seesEveryInvocation() {
		return sig.adapt(func(ctx context.Context, args []reflect.Value) (*response, error) {
			return o.invoke(ctx, func(ctx context.Context) (any, error) { return sig.call(ctx, args) })
		}), nil
	}
	return o.adaptRaw(decoding(sig, o.opts.lambda)), nil
}

// adaptRaw takes the event undecoded: it may be an envelope, or the strategy must hear of an event that cannot
// be decoded. It is copied out of aws-lambda-go's buffer: that is given to the next event while tasks may
// still hold on to it.
func (o *offloader) adaptRaw(handle eventHandler) any {
	if o.works() {
		handle = o.opts.crossing.dispatch(o, handle)
	}
	return func(ctx context.Context, event json.RawMessage) (*response, error) {
		return o.invoke(ctx, func(ctx context.Context) (any, error) { return handle(ctx, event) })
	}
}

// decoding passes the event through aws-lambda-go a second time, by way of a handler whose
// result is set aside.
func decoding(sig *signature, opts []lambda.Option) eventHandler {
	type resultKey struct{}

	decoder := lambda.NewHandlerWithOptions(sig.adapt(func(ctx context.Context, args []reflect.Value) (*response, error) {
		result, err := sig.call(ctx, args)
		*ctx.Value(resultKey{}).(*any) = result
		return nil, err
	}), decodingOptions(opts)...)

	return func(ctx context.Context, event []byte) (any, error) {
		var result any
		if _, err := decoder.Invoke(context.WithValue(ctx, resultKey{}, &result), event); err != nil {
			return nil, err
		}
		return result, nil
	}
}

// decodingOptions leaves out WithEnableSIGTERM: it takes effect whenever a handler is
// made with it, and a second time would register its extension and call its callbacks
// twice. An option tells what it is only by the name of its function.
func decodingOptions(all []lambda.Option) []lambda.Option {
	var opts []lambda.Option
	for _, option := range all {
		f := runtime.FuncForPC(reflect.ValueOf(option).Pointer())
		if f == nil || !strings.Contains(f.Name(), "WithEnableSIGTERM") {
			opts = append(opts, option)
		}
	}
	return opts
}

// invoking passes the event as it is to a handler that wants it so.
func invoking(h lambda.Handler) eventHandler {
	return func(ctx context.Context, event []byte) (any, error) {
		// A handler made by lambda.NewHandler loses its content type on the way
		// through Invoke; the trace gives its value before that.
		body := &rawResult{contentType: contentTypeBytes}
		ctx = handlertrace.NewContext(ctx, handlertrace.HandlerTrace{ResponseEvent: func(_ context.Context, value any) {
			body.contentType = contentTypeOf(value)
		}})
		var err error
		if body.bytes, err = h.Invoke(ctx, event); err != nil {
			return nil, err
		}
		return body, nil
	}
}

// rawResult is a result that is encoded already.
type rawResult struct {
	bytes       []byte
	contentType string
}
