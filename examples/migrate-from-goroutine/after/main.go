// Command after is the function of the folder before with the welcome mail deferred.
package main

import (
	"context"

	"github.com/go-offload/lambda/examples/migrate-from-goroutine/mail"
	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/stream"
)

// Signup is the event.
type Signup struct {
	Email string `json:"email"`
}

var welcome = offload.Define("welcome-mail", mail.SendWelcome)

func signUp(ctx context.Context, s Signup) (string, error) {
	if err := offload.After(ctx, welcome.With(s.Email)); err != nil {
		return "", err
	}
	return "welcome, " + s.Email, nil
}

func main() {
	offload.Start(signUp)
}
