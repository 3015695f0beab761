package main

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	const good = `{"id":"1","email":"a@example.com","items":[{"sku":"tea","quantity":2}]}`
	for _, test := range []struct {
		name, body string
		encoded    bool
		status     int
		want       string
	}{
		{"good", good, false, http.StatusCreated, `"id":"1"`},
		{"good, from curl -d", base64.StdEncoding.EncodeToString([]byte(good)), true, http.StatusCreated, `"status":"accepted"`},
		{"not base64", "?", true, http.StatusBadRequest, "not base64"},
		{"empty", "", false, http.StatusBadRequest, "not an order"},
		{"no id", `{"email":"a@example.com","items":[{"sku":"tea","quantity":2}]}`, false, http.StatusBadRequest, "no id"},
		{"no email", `{"id":"1","items":[{"sku":"tea","quantity":2}]}`, false, http.StatusBadRequest, "no email"},
		{"no items", `{"id":"1","email":"a@example.com"}`, false, http.StatusBadRequest, "no items"},
		{"no quantity", `{"id":"1","email":"a@example.com","items":[{"sku":"tea"}]}`, false, http.StatusBadRequest, "cannot be ordered"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var finished []string
			api := &orders{finish: func(_ context.Context, order Order) error {
				finished = append(finished, order.ID)
				return nil
			}}
			resp, err := api.create(t.Context(), events.LambdaFunctionURLRequest{Body: test.body, IsBase64Encoded: test.encoded})
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != test.status || !strings.Contains(resp.Body, test.want) {
				t.Errorf("%d %s, want %d with %s", resp.StatusCode, resp.Body, test.status, test.want)
			}
			if accepted := len(finished) == 1; accepted != (test.status == http.StatusCreated) {
				t.Errorf("the work behind the order was begun %d times", len(finished))
			}
		})
	}
}
