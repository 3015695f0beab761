package sqstest_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

var attributeBehaviours = []behaviour{
	{name: "attributes/defaults of a standard queue", run: func(e env) {
		e.wantAttributes(e.queue("q", nil), attrs{
			"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
			"ReceiveMessageWaitTimeSeconds": "0", "VisibilityTimeout": "30", "SqsManagedSseEnabled": "true",
			"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0", "ApproximateNumberOfMessagesNotVisible": "0",
		})
	}},
	{name: "attributes/defaults of a FIFO queue", run: func(e env) {
		e.wantAttributes(e.queue("q.fifo", attrs{"FifoQueue": "true"}), attrs{
			"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
			"ReceiveMessageWaitTimeSeconds": "0", "VisibilityTimeout": "30", "SqsManagedSseEnabled": "true",
			"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0", "ApproximateNumberOfMessagesNotVisible": "0",
			"FifoQueue": "true", "ContentBasedDeduplication": "false", "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue",
		})
	}},
	{name: "attributes/ranges", run: func(e env) {
		url := e.queue("q", nil)
		for name, edges := range map[string][4]string{ // below, least, most, above
			"DelaySeconds":                  {"-1", "0", "900", "901"},
			"MaximumMessageSize":            {"1023", "1024", "1048576", "1048577"},
			"MessageRetentionPeriod":        {"59", "60", "1209600", "1209601"},
			"ReceiveMessageWaitTimeSeconds": {"-1", "0", "20", "21"},
			"VisibilityTimeout":             {"-1", "0", "43200", "43201"},
			"KmsDataKeyReusePeriodSeconds":  {"59", "60", "86400", "86401"},
		} {
			for _, ok := range edges[1:3] {
				if err := e.trySet(url, attrs{name: ok}); err != nil {
					e.Errorf("%s = %s: %v", name, ok, err)
				}
			}
			for _, bad := range []string{edges[0], edges[3], "many", ""} {
				err := e.trySet(url, attrs{name: bad})
				if err == nil {
					e.Errorf("%s = %q is accepted", name, bad)
					continue
				}
				wantType[*types.InvalidAttributeValue](e, err)
			}
		}
	}},
	{name: "attributes/a bad one leaves the others", run: func(e env) {
		url := e.queue("q", nil)
		if e.trySet(url, attrs{"DelaySeconds": "5", "VisibilityTimeout": "99999"}) == nil {
			e.Error("a visibility timeout of 99999 is accepted")
		}
		if got := e.attributes(url)["DelaySeconds"]; got != "0" {
			e.Errorf("DelaySeconds = %s after a refused change, want 0", got)
		}
	}},
	{name: "attributes/choices", run: func(e env) {
		url := e.fifo("q", nil)
		e.set(url, attrs{"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
		for _, bad := range []attrs{
			{"DeduplicationScope": "galaxy"},
			{"FifoThroughputLimit": "none"},
			{"ContentBasedDeduplication": "perhaps"},
			{"DeduplicationScope": "queue"}, // needs messageGroup while the limit is per group
			{"SqsManagedSseEnabled": "yes"},
			{"FifoQueue": "false"},
		} {
			err := e.trySet(url, bad)
			if err == nil {
				e.Errorf("%v is accepted", bad)
				continue
			}
			wantType[*types.InvalidAttributeValue](e, err)
		}
	}},
	{name: "attributes/unknown and read-only names", run: func(e env) {
		url := e.queue("q", nil)
		for _, name := range []string{"Color", "QueueArn", "ApproximateNumberOfMessages", "CreatedTimestamp", "All"} {
			wantType[*types.InvalidAttributeName](e, e.trySet(url, attrs{name: "1"}))
		}
		_, err := e.client.GetQueueAttributes(e.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"Color"}})
		wantType[*types.InvalidAttributeName](e, err)
	}},
	{name: "attributes/FIFO ones on a standard queue", run: func(e env) {
		for _, a := range []attrs{
			{"FifoQueue": "false"},
			{"ContentBasedDeduplication": "true"},
			{"DeduplicationScope": "queue"},
			{"FifoThroughputLimit": "perQueue"},
		} {
			_, err := e.create("q", a)
			if err == nil {
				e.Errorf("%v is accepted", a)
				continue
			}
			wantType[*types.InvalidAttributeName](e, err)
		}
		wantType[*types.InvalidAttributeName](e, e.trySet(e.queue("q", nil), attrs{"FifoQueue": "true"}))
	}},
	{name: "attributes/asked by name", run: func(e env) {
		url := e.queue("q", nil)
		out, err := e.client.GetQueueAttributes(e.Context(), &sqs.GetQueueAttributesInput{
			QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"VisibilityTimeout", "RedrivePolicy"},
		})
		if err != nil {
			e.Fatal(err)
		}
		if want := (attrs{"VisibilityTimeout": "30"}); !maps.Equal(out.Attributes, want) {
			e.Errorf("attributes = %v, want %v", out.Attributes, want)
		}
		out, err = e.client.GetQueueAttributes(e.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url})
		if err != nil || len(out.Attributes) != 0 {
			e.Errorf("without names: %v, %v; want nothing", out.Attributes, err)
		}
	}},
	{name: "attributes/encryption is of one kind", run: func(e env) {
		url := e.queue("q", nil)
		e.set(url, attrs{"KmsMasterKeyId": "alias/mine"})
		e.wantSome(url, attrs{"KmsMasterKeyId": "alias/mine", "SqsManagedSseEnabled": "false"})
		e.set(url, attrs{"SqsManagedSseEnabled": "true"})
		e.wantSome(url, attrs{"KmsMasterKeyId": "", "SqsManagedSseEnabled": "true"})
		err := e.trySet(url, attrs{"KmsMasterKeyId": "alias/mine", "SqsManagedSseEnabled": "true"})
		wantType[*types.InvalidAttributeName](e, err)
		e.set(url, attrs{"KmsMasterKeyId": "alias/mine", "KmsDataKeyReusePeriodSeconds": "6000"})
		e.wantSome(url, attrs{"KmsDataKeyReusePeriodSeconds": "6000"})
		e.set(url, attrs{"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": "300"})
		e.wantSome(url, attrs{"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": "", "SqsManagedSseEnabled": "false"})
	}},
	{name: "attributes/an empty policy is none", run: func(e env) {
		url := e.queue("q", nil)
		policy := `{"Version":"2012-10-17","Statement":[]}`
		e.set(url, attrs{"Policy": policy})
		e.wantSome(url, attrs{"Policy": policy})
		e.set(url, attrs{"Policy": ""})
		e.wantSome(url, attrs{"Policy": ""})
		wantType[*types.InvalidAttributeValue](e, e.trySet(url, attrs{"Policy": "not JSON"}))
	}},
}

// wantAttributes compares all attributes but those that name the queue and its times.
func (e env) wantAttributes(url string, want attrs) {
	e.Helper()
	got := e.attributes(url)
	if !strings.HasSuffix(got["QueueArn"], url[strings.LastIndex(url, "/")+1:]) || !strings.HasPrefix(got["QueueArn"], "arn:aws:sqs:us-east-1:") {
		e.Errorf("QueueArn = %s", got["QueueArn"])
	}
	for _, name := range []string{"CreatedTimestamp", "LastModifiedTimestamp"} {
		if len(got[name]) < 9 || len(got[name]) > 10 {
			e.Errorf("%s = %q, want seconds since 1970", name, got[name])
		}
	}
	for _, name := range []string{"QueueArn", "CreatedTimestamp", "LastModifiedTimestamp"} {
		delete(got, name)
	}
	if !maps.Equal(got, want) {
		e.Errorf("attributes\n%v\nwant\n%v", got, want)
	}
}

// wantSome compares some attributes; an empty one must be absent.
func (e env) wantSome(url string, want attrs) {
	e.Helper()
	got := e.attributes(url)
	for name, value := range want {
		if got[name] != value {
			e.Errorf("%s = %q, want %q", name, got[name], value)
		}
	}
}

var permissionBehaviours = []behaviour{
	{name: "permission/add and remove", run: func(e env) {
		url := e.queue("q", nil)
		add := func(label string, accounts, actions []string) error {
			_, err := e.client.AddPermission(e.Context(), &sqs.AddPermissionInput{QueueUrl: &url, Label: &label, AWSAccountIds: accounts, Actions: actions})
			return err
		}
		remove := func(label string) error {
			_, err := e.client.RemovePermission(e.Context(), &sqs.RemovePermissionInput{QueueUrl: &url, Label: &label})
			return err
		}
		if err := add("one", []string{"668614515564"}, []string{"ReceiveMessage"}); err != nil {
			e.Fatal(err)
		}
		if err := add("two", []string{"668614515564", "111111111111"}, []string{"SendMessage", "*"}); err != nil {
			e.Fatal(err)
		}
		wantCode(e, add("one", []string{"111111111111"}, []string{"*"}), "InvalidParameterValue")
		arn := e.arn(url)
		want := `{"Version":"2008-10-17","Id":"` + arn + `/SQSDefaultPolicy","Statement":[
			{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::668614515564:root"},"Action":"SQS:ReceiveMessage","Resource":"` + arn + `"},
			{"Sid":"two","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::668614515564:root","arn:aws:iam::111111111111:root"]},"Action":["SQS:SendMessage","SQS:*"],"Resource":"` + arn + `"}]}`
		if got := e.attributes(url)["Policy"]; !sameJSON(got, want) {
			e.Errorf("policy\n%s\nwant\n%s", got, want)
		}
		for _, label := range []string{"one", "two"} {
			if err := remove(label); err != nil {
				e.Errorf("RemovePermission %s: %v", label, err)
			}
		}
		e.wantSome(url, attrs{"Policy": ""})
		wantCode(e, remove("one"), "InvalidParameterValue")
	}},
	{name: "permission/refused", run: func(e env) {
		url := e.queue("q", nil)
		for _, test := range []struct {
			label, account string
			actions        []string
			code           string
		}{
			{"bad label", "111111111111", []string{"*"}, "InvalidParameterValue"},
			{"l", "not-an-account", []string{"*"}, "InvalidParameterValue"},
			{"l", "111111111111", []string{"FlyToTheMoon"}, "InvalidParameterValue"},
			{"l", "111111111111", []string{"SendMessage", "ReceiveMessage", "DeleteMessage", "PurgeQueue", "GetQueueUrl", "TagQueue", "UntagQueue", "ListQueueTags"}, "OverLimit"},
		} {
			_, err := e.client.AddPermission(e.Context(), &sqs.AddPermissionInput{
				QueueUrl: &url, Label: aws.String(test.label), AWSAccountIds: []string{test.account}, Actions: test.actions,
			})
			wantCode(e, err, test.code)
		}
	}},
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
