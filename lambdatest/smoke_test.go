package lambdatest_test

import (
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

func TestEcho(t *testing.T) {
	t.Parallel()
	l := lambdatest.Start(t, lambdatest.Function{Package: "./testdata/function"})
	for i := range 3 {
		res, err := l.Invoke(t.Context(), []byte(`{"a":1}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(res.Payload); got != `{"a":1}` || res.FunctionError != "" {
			t.Errorf("invocation %d: %s, %s", i, got, res.FunctionError)
		}
	}
}
