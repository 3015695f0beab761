package offload

import (
	"context"
	"fmt"
	"reflect"
)

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// signature is one of the twelve forms of handler that lambda.Start accepts:
//
//	func ()                    func (TIn)                    func (context.Context)                    func (context.Context, TIn)
//	func () error              func (TIn) error              func (context.Context) error              func (context.Context, TIn) error
//	func () (TOut, error)      func (TIn) (TOut, error)      func (context.Context) (TOut, error)      func (context.Context, TIn) (TOut, error)
type signature struct {
	fn           reflect.Value
	takesContext bool
	event        reflect.Type // nil: takes no event
	hasError     bool
	hasResult    bool
}

// signatureOf checks a handler by the rules of lambda.Start, so that a mistake is
// found when the function starts and not with its first event.
func signatureOf(handler any) (signature, error) {
	if handler == nil {
		return signature{}, fmt.Errorf("%w: it is nil", ErrHandler)
	}
	fn := reflect.ValueOf(handler)
	t := fn.Type()
	if t.Kind() != reflect.Func {
		return signature{}, fmt.Errorf("%w: it is a %s; pass a function, or a value with a method Invoke(context.Context, []byte) ([]byte, error)", ErrHandler, t)
	}
	if fn.IsNil() {
		return signature{}, fmt.Errorf("%w: it is a nil %s", ErrHandler, t)
	}
	sig := signature{fn: fn}
	refuse := func(why string) (signature, error) {
		return signature{}, fmt.Errorf("%w: %s: %s; see lambda.Start for the valid forms", ErrHandler, t, why)
	}

	if t.IsVariadic() {
		return refuse("it is variadic")
	}
	switch t.NumIn() {
	case 0:
	case 1:
		if in := t.In(0); isContext(in) {
			sig.takesContext = true
		} else if in.Kind() == reflect.Interface && in.NumMethod() > 0 {
			return refuse("it takes an interface other than context.Context, which no event can be decoded into")
		} else {
			sig.event = in
		}
	case 2:
		if !isContext(t.In(0)) {
			return refuse("it takes two arguments, but the first is not context.Context")
		}
		sig.takesContext, sig.event = true, t.In(1)
	default:
		return refuse("it takes more than two arguments")
	}

	switch t.NumOut() {
	case 0:
	case 1:
		sig.hasError = true
	case 2:
		sig.hasError, sig.hasResult = true, true
	default:
		return refuse("it returns more than two values")
	}
	if sig.hasError && !t.Out(t.NumOut()-1).Implements(errorType) {
		return refuse("its last result is not an error")
	}
	return sig, nil
}

func isContext(t reflect.Type) bool {
	return t.Kind() == reflect.Interface && t.NumMethod() > 0 && contextType.Implements(t) && t.Implements(contextType)
}

// call calls the handler with what it takes.
func (sig signature) call(ctx context.Context, event reflect.Value) (any, error) {
	var in [2]reflect.Value
	n := 0
	if sig.takesContext {
		in[n] = reflect.ValueOf(&ctx).Elem() // as an interface: that it is one need not be found out each time
		n++
	}
	if sig.event != nil {
		in[n] = event
		n++
	}
	out := sig.fn.Call(in[:n])
	if sig.hasError {
		if err, ok := out[len(out)-1].Interface().(error); ok && err != nil {
			return nil, err
		}
	}
	if sig.hasResult {
		return out[0].Interface(), nil
	}
	return nil, nil
}
