package sqstest_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// clientOf is an SDK client of a server. Credentials are not checked, but the SDK wants some.
func clientOf(srv *sqstest.Server) *sqs.Client {
	return sqs.New(sqs.Options{
		BaseEndpoint: aws.String(srv.URL()),
		Region:       "us-east-1",
		HTTPClient:   srv.Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
}

func ExampleNew() {
	srv, err := sqstest.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	url, err := srv.CreateQueue("orders", map[string]string{"VisibilityTimeout": "60"})
	if err != nil {
		log.Fatal(err)
	}

	client := clientOf(srv)
	ctx := context.Background()
	if _, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("order 1")}); err != nil {
		log.Fatal(err)
	}
	for range 2 {
		out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 1})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(*out.Messages[0].Body, srv.Queue("orders").Counts())
		srv.Advance(time.Minute) // the visibility timeout is over
	}
	// Output:
	// order 1 {0 1 0}
	// order 1 {0 1 0}
}

// A message is stored, and the sender does not learn of it: the SDK sends again.
func ExampleServer_Inject() {
	srv, err := sqstest.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	url, err := srv.CreateQueue("orders", nil)
	if err != nil {
		log.Fatal(err)
	}
	srv.Inject(sqstest.Fault{Action: "SendMessage", Times: 1, DropResponse: true})

	_, err = clientOf(srv).SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("order 1")})
	fmt.Println("error:", err)
	fmt.Println("requests:", srv.Requests()["SendMessage"].Calls)
	fmt.Println("messages:", srv.Queue("orders").Counts().Total())
	// Output:
	// error: <nil>
	// requests: 2
	// messages: 2
}
