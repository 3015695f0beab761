package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Order is what the client sends.
type Order struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Items []Item `json:"items"`
}

// Item is a line of an order.
type Item struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// orders is the API. finish does, or arranges for, the work that follows an order.
type orders struct {
	finish func(context.Context, Order) error
}

// create handles POST. It answers as soon as the order is safe.
func (o *orders) create(ctx context.Context, req events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	order, err := decode(req)
	if err != nil {
		return reply(http.StatusBadRequest, map[string]string{"error": err.Error()})
	}
	if err := store(ctx, order); err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	if err := o.finish(ctx, order); err != nil {
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
	switch {
	case order.ID == "":
		return order, errors.New("the order has no id")
	case order.Email == "":
		return order, errors.New("the order has no email")
	case len(order.Items) == 0:
		return order, errors.New("the order has no items")
	}
	for _, item := range order.Items {
		if item.SKU == "" || item.Quantity < 1 {
			return order, fmt.Errorf("item %q with quantity %d cannot be ordered", item.SKU, item.Quantity)
		}
	}
	return order, nil
}

// store stands for the one write that the client has to wait for.
func store(ctx context.Context, _ Order) error { return pause(ctx, 40*time.Millisecond) }

func reply(status int, body any) (events.LambdaFunctionURLResponse, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	return events.LambdaFunctionURLResponse{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       string(data),
	}, nil
}
