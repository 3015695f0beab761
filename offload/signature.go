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
	_            incomparable
	fn           reflect.Value
	takesContext bool
	event        reflect.Type // nil: takes no event
}

// signatureOf checks a handler by the rules of lambda.Start, so that a mistake is
// found when the function starts and not with its first event.
func signatureOf(handler any) (*signature, error) {
	fn := reflect.ValueOf(handler)
	if why := misfit(fn); why != "" {
		return nil, fmt.Errorf("%w: %T: %s; see lambda.Start for the valid forms", ErrHandler, handler, why)
	}
	t := fn.Type()
	n := t.NumIn()
	sig := &signature{fn: fn, takesContext: n > 0 && isContext(t.In(0))}
	if n == 2 || n == 1 && !sig.takesContext {
		sig.event = t.In(n - 1)
	}
	return sig, nil
}

// misfit says why a handler cannot be used; "" if it can.
func misfit(fn reflect.Value) string {
	if fn.Kind() != reflect.Func {
		return "it is no function, and has no method Invoke(context.Context, []byte) ([]byte, error)"
	}
	t := fn.Type()
	in, out := t.NumIn(), t.NumOut()
	switch {
	case fn.IsNil():
		return "it is nil"
	case t.IsVariadic():
		return "it is variadic"
	case in > 2:
		return "it takes more than two arguments"
	case in == 2 && !isContext(t.In(0)):
		return "it takes two arguments, but the first is not context.Context"
	case in == 1 && t.In(0).Kind() == reflect.Interface && t.In(0).NumMethod() > 0 && !isContext(t.In(0)):
		return "it takes an interface other than context.Context, which no event can be decoded into"
	case out > 2:
		return "it returns more than two values"
	case out > 0 && !t.Out(out-1).Implements(errorType):
		return "its last result is not an error"
	}
	return ""
}

func isContext(t reflect.Type) bool {
	return t.Kind() == reflect.Interface && t.NumMethod() > 0 && contextType.Implements(t) && t.Implements(contextType)
}

// adapt makes a function that has the handler's event as a parameter, so that aws-lambda-go decodes it as it
// would for the handler. run gets the arguments, and gives the function's result.
func (sig *signature) adapt(run func(ctx context.Context, args []reflect.Value) (*response, error)) any {
	in := []reflect.Type{contextType}
	if sig.event != nil {
		in = append(in, sig.event)
	}
	out := []reflect.Type{reflect.TypeFor[*response](), errorType}
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		r, err := run(args[0].Interface().(context.Context), args)
		failed := noError
		if err != nil {
			failed = errorValue(err)
		}
		return []reflect.Value{reflect.ValueOf(r), failed}
	}).Interface()
}

// errorValue gives an error as the value of type error that reflect asks for.
func errorValue(err error) reflect.Value { return reflect.ValueOf(&err).Elem() }

var noError = reflect.Zero(errorType)

// call calls the handler with what it takes: of args, which begin with another context, it gets the event.
func (sig *signature) call(ctx context.Context, args []reflect.Value) (any, error) {
	if sig.takesContext {
		args[0] = reflect.ValueOf(&ctx).Elem() // as an interface: that it is one need not be found out each time
	} else {
		args = args[1:]
	}
	out := sig.fn.Call(args)
	if len(out) == 0 {
		return nil, nil
	}
	if err, ok := out[len(out)-1].Interface().(error); ok && err != nil || len(out) == 1 {
		return nil, err
	}
	return out[0].Interface(), nil
}
