package invoke_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/invoke"
)

func TestRegistered(t *testing.T) {
	t.Parallel()
	s, ok := driver.New("invoke")
	if !ok {
		t.Fatal("no strategy of the name invoke")
	}
	if _, ok := s.(driver.Sender); !ok || s.Name() != "invoke" {
		t.Errorf("%T is no sender of the name invoke", s)
	}
	if _, ok := s.(driver.Thawer); !ok {
		t.Errorf("%T does not drop its connections after a freeze", s)
	}
}

// Which function is invoked, where, and whose signature the call has.
func TestTarget(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:lambda:ap-south-1:123456789012:function:greeter"
	for name, c := range map[string]struct {
		option string
		env    map[string]string

		function, qualifier, region string
	}{
		"this function":            {"", nil, "checkout", "", "eu-central-1"},
		"this function, no vars":   {"", map[string]string{"AWS_LAMBDA_FUNCTION_VERSION": ""}, "checkout", "", "eu-central-1"},
		"this version":             {"", map[string]string{"AWS_LAMBDA_FUNCTION_VERSION": "7"}, "checkout", "7", "eu-central-1"},
		"name":                     {"", map[string]string{invoke.EnvFunction: "greeter", "AWS_LAMBDA_FUNCTION_VERSION": "7"}, "greeter", "", "eu-central-1"},
		"code wins":                {"other_one", map[string]string{invoke.EnvFunction: "greeter"}, "other_one", "", "eu-central-1"},
		"name and alias":           {"greeter:live", nil, "greeter", "live", "eu-central-1"},
		"name and version":         {"greeter:12", nil, "greeter", "12", "eu-central-1"},
		"name and $LATEST":         {"greeter:$LATEST", nil, "greeter", "$LATEST", "eu-central-1"},
		"partial ARN":              {"123456789012:function:greeter", nil, "123456789012:function:greeter", "", "eu-central-1"},
		"partial ARN and alias":    {"123456789012:function:greeter:live", nil, "123456789012:function:greeter", "live", "eu-central-1"},
		"ARN":                      {arn, nil, arn, "", "ap-south-1"},
		"ARN and alias":            {arn + ":live", nil, arn, "live", "ap-south-1"},
		"ARN of another partition": {"arn:aws-cn:lambda:cn-north-1:123456789012:function:f:1", nil, "arn:aws-cn:lambda:cn-north-1:123456789012:function:f", "1", "cn-north-1"},
		"a name of twelve digits":  {"123456789012", nil, "123456789012", "", "eu-central-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var path, qualifier, authorization string
			endpoint, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				path, qualifier, authorization = r.URL.Path, r.URL.Query().Get("Qualifier"), r.Header.Get("Authorization")
				accept(w, r)
			})
			env := map[string]string{"AWS_ENDPOINT_URL_LAMBDA": endpoint}
			for key, value := range c.env {
				env[key] = value
			}
			s := invoke.New(&invoke.Options{Function: c.option})
			if err := s.Open(context.Background(), lambdaenv.New(env)); err != nil {
				t.Fatal(err)
			}
			defer s.Thaw()
			if errs := s.Send(context.Background(), []driver.Message{message(t, "1", "{}")}); errs != nil {
				t.Fatal(errs)
			}
			if want := "/2015-03-31/functions/" + c.function + "/invocations"; path != want {
				t.Errorf("path %s, want %s", path, want)
			}
			if qualifier != c.qualifier {
				t.Errorf("qualifier %q, want %q", qualifier, c.qualifier)
			}
			if !strings.Contains(authorization, "/"+c.region+"/lambda/") {
				t.Errorf("signed with %s, want region %s", authorization, c.region)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts *invoke.Options
		env  map[string]string
		want []string // what the message must say
	}{
		"nowhere to go":      {nil, map[string]string{"AWS_LAMBDA_FUNCTION_NAME": ""}, []string{"OFFLOAD_INVOKE_FUNCTION", "AWS_LAMBDA_FUNCTION_NAME", "Options.Function"}},
		"URL":                {&invoke.Options{Function: "https://x.lambda-url.eu-central-1.on.aws/"}, nil, []string{"is a URL", "NAME:ALIAS"}},
		"space":              {&invoke.Options{Function: "my function"}, nil, []string{"letters"}},
		"slash":              {&invoke.Options{Function: "../x"}, nil, []string{"letters"}},
		"long name":          {&invoke.Options{Function: strings.Repeat("f", 65)}, nil, []string{"1 to 64"}},
		"empty alias":        {&invoke.Options{Function: "greeter:"}, nil, []string{"alias"}},
		"long alias":         {&invoke.Options{Function: "greeter:" + strings.Repeat("a", 129)}, nil, []string{"alias"}},
		"two aliases":        {&invoke.Options{Function: "greeter:a:b"}, nil, []string{"alias"}},
		"queue ARN":          {&invoke.Options{Function: "arn:aws:sqs:us-east-1:123456789012:q"}, nil, []string{"not the ARN of a function"}},
		"layer ARN":          {&invoke.Options{Function: "arn:aws:lambda:us-east-1:123456789012:layer:l:1"}, nil, []string{"does not name a function"}},
		"ARN without a name": {&invoke.Options{Function: "arn:aws:lambda:us-east-1:123456789012:function:"}, nil, []string{"no name"}},
		"ARN, short":         {&invoke.Options{Function: "arn:aws:lambda"}, nil, []string{"not the ARN of a function"}},
		"ARN, no region":     {&invoke.Options{Function: "arn:aws:lambda::123456789012:function:f"}, nil, []string{"not the ARN of a function"}},
		"account and name":   {&invoke.Options{Function: "123456789012:greeter"}, nil, []string{"does not name a function"}},
		"concurrency":        {&invoke.Options{Concurrency: -1}, nil, []string{"Concurrency is -1"}},
		"no region":          {nil, map[string]string{"AWS_REGION": ""}, []string{"AWS_REGION is not set"}},
		"no credentials":     {nil, map[string]string{"AWS_SECRET_ACCESS_KEY": ""}, []string{"AWS_SECRET_ACCESS_KEY", "Options.Client"}},
		"bad endpoint":       {nil, map[string]string{"AWS_ENDPOINT_URL": "localhost"}, []string{"AWS_ENDPOINT_URL"}},
	} {
		err := invoke.New(c.opts).Open(context.Background(), lambdaenv.New(c.env))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, want := range append(c.want, "invoke: ") {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error does not say %q: %v", name, want, err)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	want := driver.Limits{MessageBytes: 1_048_576, BatchEntries: 1, Concurrency: 10}
	if got := open(t, "http://127.0.0.1:1").Limits(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	s := invoke.New(&invoke.Options{Concurrency: 3})
	if err := s.Open(context.Background(), lambdaenv.New(nil)); err != nil {
		t.Fatal(err)
	}
	if got := s.Limits().Concurrency; got != 3 {
		t.Errorf("concurrency %d, want 3", got)
	}
}

// fakeClient takes everything.
type fakeClient struct{ got []*lambda.InvokeInput }

func (c *fakeClient) Invoke(_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	c.got = append(c.got, in)
	return &lambda.InvokeOutput{StatusCode: http.StatusAccepted}, nil
}

// With a client of the user's own nothing but the function is needed.
func TestOwnClient(t *testing.T) {
	t.Parallel()
	client := &fakeClient{}
	s := invoke.New(&invoke.Options{Function: "greeter:live", Client: client})
	env := lambdaenv.New(map[string]string{"AWS_REGION": "", "AWS_ACCESS_KEY_ID": ""})
	if err := s.Open(context.Background(), env); err != nil {
		t.Fatal(err)
	}
	s.Thaw()
	if errs := s.Send(context.Background(), []driver.Message{message(t, "1", "{}")}); errs != nil {
		t.Fatal(errs)
	}
	if len(client.got) != 1 || aws.ToString(client.got[0].FunctionName) != "greeter" || aws.ToString(client.got[0].Qualifier) != "live" {
		t.Errorf("the client got %+v", client.got)
	}
}
