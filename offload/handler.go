package offload

import (
	"context"
	"encoding/json"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/handlertrace"
)

// handlerFunc is what all handlers come down to.
type handlerFunc func(ctx context.Context) (any, error)

// adapt gives a handler for lambda.Start that does what handler does, inside a
// scope. aws-lambda-go goes on decoding events and running the loop.
func (o *offloader) adapt(handler any) (any, error) {
	if h, ok := handler.(lambda.Handler); ok {
		return o.adaptHandler(h), nil
	}
	sig, err := signatureOf(handler)
	if err != nil {
		return nil, err
	}
	if o.seesEveryInvocation() {
		return o.adaptDirect(sig), nil
	}
	return o.adaptRaw(sig), nil
}

// adaptDirect makes a function with the parameters of the handler: aws-lambda-go
// decodes the event as it would without us.
func (o *offloader) adaptDirect(sig signature) any {
	in := []reflect.Type{contextType}
	if sig.event != nil {
		in = append(in, sig.event)
	}
	out := []reflect.Type{reflect.TypeFor[*response](), errorType}
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		var event reflect.Value
		if sig.event != nil {
			event = args[1]
		}
		r, err := o.invoke(args[0].Interface().(context.Context), func(ctx context.Context) (any, error) {
			return sig.call(ctx, event)
		})
		if err != nil {
			return []reflect.Value{reflect.Zero(out[0]), errorValue(err)}
		}
		return []reflect.Value{reflect.ValueOf(r), noError}
	}).Interface()
}

// errorValue gives an error as the value of type error that reflect asks for.
func errorValue(err error) reflect.Value { return reflect.ValueOf(&err).Elem() }

var noError = reflect.Zero(errorType)

// adaptRaw takes the event undecoded: it may be an envelope, or the strategy must
// hear of an event that cannot be decoded. The event then still goes through aws-lambda-go,
// by way of a second handler whose result is set aside.
func (o *offloader) adaptRaw(sig signature) any {
	type result struct{ value any }
	type resultKey struct{}

	in := []reflect.Type{contextType}
	if sig.event != nil {
		in = append(in, sig.event)
	}
	decoding := lambda.NewHandlerWithOptions(reflect.MakeFunc(reflect.FuncOf(in, []reflect.Type{errorType}, false), func(args []reflect.Value) []reflect.Value {
		ctx := args[0].Interface().(context.Context)
		var event reflect.Value
		if sig.event != nil {
			event = args[1]
		}
		value, err := sig.call(ctx, event)
		if err != nil {
			return []reflect.Value{errorValue(err)}
		}
		ctx.Value(resultKey{}).(*result).value = value
		return []reflect.Value{noError}
	}).Interface(), decodingOptions(o.opts.lambda)...)

	return func(ctx context.Context, event json.RawMessage) (*response, error) {
		return o.invoke(ctx, o.bind(event, func(ctx context.Context, event []byte) (any, error) {
			var r result
			if _, err := decoding.Invoke(context.WithValue(ctx, resultKey{}, &r), event); err != nil {
				return nil, err
			}
			return r.value, nil
		}))
	}
}

// decodingOptions leaves out WithEnableSIGTERM: it takes effect whenever a handler is
// made with it, and a second time would register its extension and call its callbacks
// twice. An option tells what it is only by the name of its function.
func decodingOptions(all []lambda.Option) []lambda.Option {
	return slices.DeleteFunc(slices.Clone(all), func(option lambda.Option) bool {
		f := runtime.FuncForPC(reflect.ValueOf(option).Pointer())
		return f != nil && strings.Contains(f.Name(), "WithEnableSIGTERM")
	})
}

// adaptHandler takes the event undecoded, and copied out of aws-lambda-go's buffer:
// that is given to the next event while tasks may still hold on to it.
func (o *offloader) adaptHandler(h lambda.Handler) any {
	return func(ctx context.Context, event json.RawMessage) (*response, error) {
		return o.invoke(ctx, o.bind(event, func(ctx context.Context, event []byte) (any, error) {
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
		}))
	}
}

// rawResult is a result that is encoded already.
type rawResult struct {
	bytes       []byte
	contentType string
}

// bind gives an event to who deals with it: the handler, or in a program that runs tasks from elsewhere
// whoever it is for.
func (o *offloader) bind(event []byte, handle eventHandler) handlerFunc {
	if o.works() {
		return o.opts.crossing.dispatch(o, event, handle)
	}
	return func(ctx context.Context) (any, error) { return handle(ctx, event) }
}
