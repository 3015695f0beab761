package sqstest

import (
	"encoding/json"
	"fmt"
	"slices"
)

type addPermissionInput struct {
	QueueURL      string `json:"QueueUrl"`
	Label         string
	AWSAccountIDs []string `json:"AWSAccountIds"`
	Actions       []string
}

type removePermissionInput struct {
	QueueURL string `json:"QueueUrl"`
	Label    string
}

// grantable are the actions that a permission can name (API AddPermission: "the name
// of any action or *"; the batch actions come with their single ones).
var grantable = []string{
	"*", "AddPermission", "CancelMessageMoveTask", "ChangeMessageVisibility", "CreateQueue", "DeleteMessage",
	"DeleteQueue", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues", "ListMessageMoveTasks",
	"ListQueueTags", "ListQueues", "PurgeQueue", "ReceiveMessage", "RemovePermission", "SendMessage",
	"SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue",
}

// policyDocument is an access policy. Statements that AddPermission did not write
// are kept as they are.
type policyDocument struct {
	Version   string
	ID        string `json:"Id,omitempty"`
	Statement []json.RawMessage
}

type policyStatement struct {
	Sid       string
	Effect    string
	Principal struct{ AWS any }
	Action    any
	Resource  string
}

func (s *Server) addPermission(c *call, in *addPermissionInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	policy := q.policy()
	if slices.ContainsFunc(policy.Statement, hasSid(in.Label)) {
		return nil, badValue(in.Label, "Label", "Already exists.")
	}
	st := policyStatement{Sid: in.Label, Effect: "Allow", Resource: q.arn}
	var accounts, names []string
	for _, id := range in.AWSAccountIDs {
		accounts = append(accounts, "arn:aws:iam::"+id+":root")
	}
	for _, action := range in.Actions {
		names = append(names, "SQS:"+action)
	}
	st.Principal.AWS, st.Action = oneOrMany(accounts), oneOrMany(names)
	policy.Statement = append(policy.Statement, encode(st))
	q.setPolicy(policy)
	q.changed = s.now()
	return nil, nil
}

func (in *addPermissionInput) check() *apiError {
	switch {
	case in.Label == "":
		return missingParameter("Label")
	case !standardName.MatchString(in.Label):
		return badValue(in.Label, "Label", fmt.Sprintf("Can only include alphanumeric characters, hyphens, or underscores. 1 to %d in length", maxLabel))
	case len(in.AWSAccountIDs) == 0:
		return missingParameter("AWSAccountIds")
	case len(in.Actions) == 0:
		return missingParameter("Actions")
	case len(in.Actions) > maxPolicyActions:
		return kindOverLimit.errorf("%d Actions were found, maximum allowed is %d.", len(in.Actions), maxPolicyActions)
	}
	for _, id := range in.AWSAccountIDs {
		if !accountPattern.MatchString(id) {
			return badValue(id, "PrincipalId", "Unable to verify.")
		}
	}
	for _, action := range in.Actions {
		if !slices.Contains(grantable, action) {
			return badValue("SQS:"+action, "ActionName", "Please refer to the appropriate WSDL for a list of valid actions. ")
		}
	}
	return nil
}

func (s *Server) removePermission(c *call, in *removePermissionInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if in.Label == "" {
		return nil, missingParameter("Label")
	}
	policy := q.policy()
	before := len(policy.Statement)
	policy.Statement = slices.DeleteFunc(policy.Statement, hasSid(in.Label))
	if len(policy.Statement) == before {
		return nil, badValue(in.Label, "Label", "can't find label.")
	}
	q.setPolicy(policy)
	q.changed = s.now()
	return nil, nil
}

// policy is the queue's policy, or the one that AddPermission starts from.
func (q *queue) policy() policyDocument {
	p := policyDocument{Version: "2008-10-17", ID: q.arn + "/SQSDefaultPolicy"}
	if q.config.policy != "" {
		// The attribute was valid JSON when it was set; what is not a policy counts as none.
		_ = json.Unmarshal([]byte(q.config.policy), &p)
	}
	return p
}

func (q *queue) setPolicy(p policyDocument) {
	q.config.policy = ""
	if len(p.Statement) > 0 {
		q.config.policy = string(encode(p))
	}
}

func hasSid(label string) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool {
		var st struct{ Sid string }
		return json.Unmarshal(raw, &st) == nil && st.Sid == label
	}
}

// oneOrMany is how policies write lists: a list of one is its element.
func oneOrMany(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	return values
}

func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		// Only strings and lists of them are encoded: this is a mistake in this package.
		panic(fmt.Sprintf("sqstest: encoding a policy: %v", err))
	}
	return b
}
