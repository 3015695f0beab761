// Package lambdaenv is the environment of a function, for the tests of strategies that call AWS.
package lambdaenv

import (
	"log/slog"
	"maps"

	"github.com/go-offload/lambda/offload/driver"
)

// Vars gives what a function finds in its environment, and more, which wins.
func Vars(more map[string]string) map[string]string {
	vars := map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME":    "checkout",
		"AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_REGION":                  "eu-central-1",
		"AWS_ACCESS_KEY_ID":           "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":       "secret",
		"AWS_SESSION_TOKEN":           "token",
	}
	maps.Copy(vars, more)
	return vars
}

// New gives a strategy what package offload would give it in that environment.
func New(more map[string]string) driver.Env {
	vars := Vars(more)
	return driver.Env{
		Getenv:         func(key string) string { return vars[key] },
		Logger:         slog.New(slog.DiscardHandler),
		MaxConcurrency: 1,
	}
}
