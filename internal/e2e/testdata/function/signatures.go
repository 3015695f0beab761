package main

import (
	"context"
	"errors"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// input makes the handlers that take it fail, if it says so.
type input struct {
	Name string `json:"name"`
	Fail bool   `json:"fail"`
}

type output struct {
	Hello   string `json:"hello"`
	Context bool   `json:"context"` // the context has the invocation's values
}

var errRefused = errors.New("refused")

func (in input) err() error {
	if in.Fail {
		return errRefused
	}
	return nil
}

func (in input) greet(ctx context.Context) (output, error) {
	_, ok := lambdacontext.FromContext(ctx)
	return output{Hello: in.Name, Context: ok}, in.err()
}

func (in *input) orNobody() input {
	if in == nil {
		return input{Name: "nobody"}
	}
	return *in
}

func init() {
	for name, handler := range map[string]any{
		"func()":                                 func() {},
		"func(TIn)":                              func(input) {},
		"func(context.Context)":                  func(context.Context) {},
		"func(context.Context,TIn)":              func(context.Context, input) {},
		"func()error":                            func() error { return errRefused },
		"func(TIn)error":                         func(in input) error { return in.err() },
		"func(context.Context)error":             func(ctx context.Context) error { return ctx.Err() },
		"func(context.Context,TIn)error":         func(_ context.Context, in input) error { return in.err() },
		"func()(TOut,error)":                     func() (*output, error) { return &output{Hello: "you"}, nil },
		"func(TIn)(TOut,error)":                  func(in input) (output, error) { return in.greet(context.Background()) },
		"func(context.Context)(TOut,error)":      func(ctx context.Context) (output, error) { return input{Name: "you"}.greet(ctx) },
		"func(context.Context,TIn)(TOut,error)":  func(ctx context.Context, in input) (output, error) { return in.greet(ctx) },
		"func(context.Context,*TIn)(TOut,error)": func(ctx context.Context, in *input) (output, error) { return in.orNobody().greet(ctx) },
		"lambda.Handler":                         lambda.Handler(echo{}),
		"lambda.NewHandler": lambda.NewHandler(func(ctx context.Context, in input) (output, error) {
			return in.greet(ctx)
		}),
	} {
		handlers[name] = handler
	}
}

// echo answers with its event, and fails on its own terms.
type echo struct{}

func (echo) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	if string(payload) == `{"fail":true}` {
		return nil, errRefused
	}
	return append([]byte(nil), payload...), nil
}
