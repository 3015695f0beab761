package sqs_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/sqs"
)

// Where a call goes and how it is signed.
func TestEndpointAndRegion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    func(server string) map[string]string
		region string
	}{
		"host of the queue": {
			func(server string) map[string]string { return url(server + "/123456789012/tasks") },
			"eu-central-1",
		},
		"endpoint of the service": {
			func(server string) map[string]string {
				return with(with(url("https://nobody.example/123456789012/tasks"), "AWS_ENDPOINT_URL_SQS", server+"/"), "AWS_ENDPOINT_URL", "https://nobody.example")
			},
			"eu-central-1",
		},
		"endpoint of all services, region of the queue": {
			func(server string) map[string]string {
				return with(url("https://sqs.ap-south-1.amazonaws.com/123456789012/tasks"), "AWS_ENDPOINT_URL", server)
			},
			"ap-south-1",
		},
		"endpoint, region in China": {
			func(server string) map[string]string {
				return with(url("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/tasks"), "AWS_ENDPOINT_URL", server)
			},
			"cn-north-1",
		},
		"endpoints to be ignored": {
			func(server string) map[string]string {
				return with(with(url(server+"/123456789012/tasks"), "AWS_ENDPOINT_URL", "https://nobody.example"), "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
			},
			"eu-central-1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var authorization, token string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				authorization, token = r.Header.Get("Authorization"), r.Header.Get("X-Amz-Security-Token")
				answerAll(w, r)
			}))
			defer server.Close()
			s := sqs.New(nil)
			if err := s.Open(context.Background(), lambdaenv.New(c.env(server.URL))); err != nil {
				t.Fatal(err)
			}
			defer s.Thaw()
			if errs := s.Send(context.Background(), []driver.Message{message(t, "1")}); errs != nil {
				t.Fatal(errs)
			}
			if !strings.Contains(authorization, "AKIDEXAMPLE/") || !strings.Contains(authorization, "/"+c.region+"/sqs/") {
				t.Errorf("Authorization = %s, want the key and region %s", authorization, c.region)
			}
			if token != "token" {
				t.Errorf("X-Amz-Security-Token = %q", token)
			}
		})
	}
}

// fakeClient takes everything.
type fakeClient struct {
	got []*awssqs.SendMessageBatchInput
}

func (c *fakeClient) SendMessageBatch(_ context.Context, in *awssqs.SendMessageBatchInput, _ ...func(*awssqs.Options)) (*awssqs.SendMessageBatchOutput, error) {
	c.got = append(c.got, in)
	out := &awssqs.SendMessageBatchOutput{}
	for _, entry := range in.Entries {
		out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: entry.Id})
	}
	return out, nil
}

// With a client of the user's own nothing but the queue's URL is needed.
func TestOwnClient(t *testing.T) {
	t.Parallel()
	client := &fakeClient{}
	s := sqs.New(&sqs.Options{QueueURL: standardURL, Client: client})
	empty := lambdaenv.New(map[string]string{"AWS_REGION": "", "AWS_ACCESS_KEY_ID": ""})
	if err := s.Open(context.Background(), empty); err != nil {
		t.Fatal(err)
	}
	s.Thaw()
	if errs := s.Send(context.Background(), []driver.Message{message(t, "1"), message(t, "2")}); errs != nil {
		t.Fatal(errs)
	}
	if len(client.got) != 1 || aws.ToString(client.got[0].QueueUrl) != standardURL || len(client.got[0].Entries) != 2 {
		t.Errorf("the client got %+v", client.got)
	}
}
