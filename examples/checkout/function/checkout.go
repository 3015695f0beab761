package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-offload/lambda/offload"
)

// Order is what the client sends.
type Order struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Cents int    `json:"cents"`
}

// checkout answers when the order is accepted. Three things are left to do then.
//
// The tasks get IDs of their own, made from the order's: when the client, or Lambda, repeats
// the request, they are the same tasks, and those who do the work can tell.
func checkout(ctx context.Context, req events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	order, err := decode(req)
	if err != nil {
		return reply(http.StatusBadRequest, map[string]string{"error": err.Error()})
	}
	if err := errors.Join(
		offload.After(ctx, receipt.With(order), offload.ID("receipt-"+order.ID)),
		offload.After(ctx, points.With(order), offload.ID("points-"+order.ID)),
		offload.After(ctx, invoice.With(order), offload.ID("invoice-"+order.ID)),
	); err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	return reply(http.StatusCreated, map[string]string{"id": order.ID, "status": "accepted"})
}

func decode(req events.LambdaFunctionURLRequest) (Order, error) {
	var order Order
	body := []byte(req.Body)
	if req.IsBase64Encoded { // AWS encodes what does not look like text, curl -d among it
		var err error
		if body, err = base64.StdEncoding.DecodeString(req.Body); err != nil {
			return order, fmt.Errorf("the body is not base64: %w", err)
		}
	}
	if err := json.Unmarshal(body, &order); err != nil {
		return order, fmt.Errorf("the body is not an order: %w", err)
	}
	if order.ID == "" || order.Email == "" || order.Cents <= 0 {
		return order, errors.New("an order has an id, an email and an amount in cents")
	}
	return order, nil
}

func reply(status int, body any) (events.LambdaFunctionURLResponse, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	return events.LambdaFunctionURLResponse{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       string(data) + "\n",
	}, nil
}
