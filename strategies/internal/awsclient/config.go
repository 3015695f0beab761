// Package awsclient is what the strategies that call AWS share: the configuration
// of a client from the environment that Lambda sets, its connections, and what its errors
// mean to those who retry.
//
// The environment is read here and not by the SDK's package config, because that
// one links the clients of five further services for credential sources that a
// function does not have: docs/decisions.md has the numbers. Who needs those sources
// gives a strategy a client of their own.
package awsclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config is what the client of one service is made of.
type Config struct {
	Region      string
	Credentials aws.CredentialsProvider

	// Endpoint is the base URL to call; nil leaves it to the SDK's rules for the
	// region.
	Endpoint *string

	FIPS      aws.FIPSEndpointState
	DualStack aws.DualStackEndpointState

	// HTTP keeps its own connections, so that they can be dropped after a freeze.
	HTTP *http.Client
}

// ErrConfig means that the environment lacks something.
var ErrConfig = errors.New("incomplete AWS configuration")

// FromEnvironment reads the variables that Lambda sets and those that the SDKs
// define for endpoints ("Service-specific endpoints" and "Dual-stack and FIPS
// endpoints", AWS SDKs and Tools Reference Guide). service is the service's suffix
// there, such as SQS. region, if it is not empty, wins over the environment.
// connections is how many calls there may be at once; up to maxIdleConnections of
// their connections are kept.
func FromEnvironment(getenv func(string) string, service, region string, connections int) (Config, error) {
	c := Config{Region: region, HTTP: newHTTPClient(connections)}
	if c.Region == "" {
		c.Region = firstOf(getenv, "AWS_REGION", "AWS_DEFAULT_REGION")
	}
	if c.Region == "" {
		return Config{}, fmt.Errorf("%w: AWS_REGION is not set", ErrConfig)
	}
	keys := aws.Credentials{
		AccessKeyID:     firstOf(getenv, "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"),
		SecretAccessKey: firstOf(getenv, "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"),
		SessionToken:    getenv("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}
	if !keys.HasKeys() {
		return Config{}, fmt.Errorf("%w: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; for any other source of credentials set Options.Client to a client made with the SDK's config package", ErrConfig)
	}
	// They do not expire: Lambda gives a new environment new credentials.
	c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil })

	if getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") != "true" {
		if endpoint := firstOf(getenv, "AWS_ENDPOINT_URL_"+service, "AWS_ENDPOINT_URL"); endpoint != "" {
			if err := CheckURL(endpoint); err != nil {
				return Config{}, fmt.Errorf("%w: AWS_ENDPOINT_URL_%s or AWS_ENDPOINT_URL: %w", ErrConfig, service, err)
			}
			c.Endpoint = aws.String(strings.TrimSuffix(endpoint, "/"))
		}
	}
	if getenv("AWS_USE_FIPS_ENDPOINT") == "true" {
		c.FIPS = aws.FIPSEndpointStateEnabled
	}
	if getenv("AWS_USE_DUALSTACK_ENDPOINT") == "true" {
		c.DualStack = aws.DualStackEndpointStateEnabled
	}
	return c, nil
}

// CheckURL refuses what is not the absolute URL of an HTTP server.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return err
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.User != nil, u.RawQuery != "", u.Fragment != "":
		return fmt.Errorf("%q is not an absolute http or https URL without query", s)
	}
	return nil
}

func firstOf(getenv func(string) string, keys ...string) string {
	for _, key := range keys {
		if value := getenv(key); value != "" {
			return value
		}
	}
	return ""
}
