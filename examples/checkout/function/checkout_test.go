package main

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-offload/lambda/offload/offloadtest"
)

const body = `{"id":"4711","email":"ada@example.com","cents":4200}`

func TestCheckout(t *testing.T) {
	var keys []string
	backoffice := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.URL.Path+" "+r.Header.Get("Idempotency-Key"))
	}))
	defer backoffice.Close()
	t.Setenv("BACKOFFICE_URL", backoffice.URL)

	rec := offloadtest.New(t)
	resp, err := checkout(rec.Context(t.Context()), events.LambdaFunctionURLRequest{
		Body: base64.StdEncoding.EncodeToString([]byte(body)), IsBase64Encoded: true,
	})
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s, %v", resp.StatusCode, resp.Body, err)
	}
	if o := offloadtest.RequireDeferred(t, rec, points); o.Cents != 4200 {
		t.Errorf("points for %+v", o)
	}
	if err := rec.Run(t.Context()); err != nil {
		t.Error(err)
	}
	want := []string{"/receipts receipt-4711", "/points points-4711", "/invoices invoice-4711"}
	for i := range want {
		if len(keys) != len(want) || keys[i] != want[i] {
			t.Fatalf("the back office was called with %q, want %q", keys, want)
		}
	}
}

func TestRefusedOrders(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `{`, `[]`, `{"id":"4711"}`, `{"id":"4711","email":"a@b","cents":-1}`} {
		rec := offloadtest.New(t)
		resp, err := checkout(rec.Context(t.Context()), events.LambdaFunctionURLRequest{Body: body})
		if err != nil || resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s, %v", body, resp.StatusCode, resp.Body, err)
		}
		offloadtest.RequireNothingDeferred(t, rec)
	}
}
