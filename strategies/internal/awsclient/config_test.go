package awsclient_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/go-offload/lambda/strategies/internal/awsclient"
)

func getenv(vars map[string]string) func(string) string {
	return func(key string) string { return vars[key] }
}

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	c, err := awsclient.FromEnvironment(getenv(map[string]string{
		"AWS_REGION":                 "us-gov-west-1",
		"AWS_DEFAULT_REGION":         "us-east-1",
		"AWS_ACCESS_KEY_ID":          "id",
		"AWS_SECRET_ACCESS_KEY":      "secret",
		"AWS_SESSION_TOKEN":          "token",
		"AWS_USE_FIPS_ENDPOINT":      "true",
		"AWS_USE_DUALSTACK_ENDPOINT": "true",
		"AWS_ENDPOINT_URL_LAMBDA":    "http://127.0.0.1:1",
	}), "SQS", "", 1)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := c.Credentials.Retrieve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if keys.AccessKeyID != "id" || keys.SecretAccessKey != "secret" || keys.SessionToken != "token" || keys.CanExpire {
		t.Errorf("credentials %+v", keys)
	}
	if c.Region != "us-gov-west-1" || c.FIPS != aws.FIPSEndpointStateEnabled || c.DualStack != aws.DualStackEndpointStateEnabled {
		t.Errorf("%+v", c)
	}
	if c.Endpoint != nil {
		t.Errorf("the endpoint of another service: %s", *c.Endpoint)
	}
}

// The names that Lambda also sets, in its older form.
func TestOlderNames(t *testing.T) {
	t.Parallel()
	c, err := awsclient.FromEnvironment(getenv(map[string]string{
		"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY": "id", "AWS_SECRET_KEY": "secret",
	}), "SQS", "", 1)
	if err != nil || c.Region != "us-east-1" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestIncompleteEnvironment(t *testing.T) {
	t.Parallel()
	for missing, vars := range map[string]map[string]string{
		"AWS_REGION":            {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"},
		"AWS_ACCESS_KEY_ID":     {"AWS_REGION": "r", "AWS_SECRET_ACCESS_KEY": "secret"},
		"AWS_SECRET_ACCESS_KEY": {"AWS_REGION": "r", "AWS_ACCESS_KEY_ID": "id"},
	} {
		_, err := awsclient.FromEnvironment(getenv(vars), "SQS", "", 1)
		if !errors.Is(err, awsclient.ErrConfig) || !strings.Contains(err.Error(), missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

// The request is signed for one host; following a redirect would send it to another.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			t.Error("followed")
			return
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	c, err := awsclient.FromEnvironment(getenv(map[string]string{
		"AWS_REGION": "r", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
	}), "SQS", "", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.HTTP.CloseIdleConnections()
	response, err := c.HTTP.Post(server.URL, "", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("status %d", response.StatusCode)
	}
}
