// Command before is a sign-up function as it is often written: it starts a goroutine for the welcome mail and
// returns. On Lambda the environment is frozen with the goroutine in it.
package main

import (
	"context"
	"log"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/go-offload/lambda/examples/migrate-from-goroutine/mail"
)

// Signup is the event.
type Signup struct {
	Email string `json:"email"`
}

func signUp(ctx context.Context, s Signup) (string, error) {
	ctx = context.WithoutCancel(ctx)
	go func() {
		if err := mail.SendWelcome(ctx, s.Email); err != nil {
			log.Print(err)
		}
	}()
	return "welcome, " + s.Email, nil
}

func main() {
	lambda.Start(signUp)
}
