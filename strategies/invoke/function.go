package invoke

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// ErrFunction means that the function to invoke is not known or has no such name.
var ErrFunction = errors.New("invoke: unusable function name")

// The lengths that the Invoke API allows in a name and in an alias.
const (
	maxNameBytes      = 64
	maxQualifierBytes = 128
)

const latest = "$LATEST"

// function is what to invoke.
type function struct {
	name      string  // a name, a partial or a full ARN, without qualifier
	qualifier *string // a version or an alias; nil means the unpublished version
	region    string  // empty unless the name is a full ARN
}

// String is the function as it was written.
func (f function) String() string {
	if f.qualifier == nil {
		return f.name
	}
	return f.name + ":" + *f.qualifier
}

// thisFunction is the one that the process runs in. The package comment says why it is
// its published version where there is one.
func thisFunction(getenv func(string) string) (function, error) {
	name, version := getenv("AWS_LAMBDA_FUNCTION_NAME"), getenv("AWS_LAMBDA_FUNCTION_VERSION")
	if name == "" {
		return function{}, fmt.Errorf("%w: neither %s nor AWS_LAMBDA_FUNCTION_NAME is set, so there is no function to invoke; set %s or Options.Function", ErrFunction, EnvFunction, EnvFunction)
	}
	if version == "" || version == latest {
		return parseFunction(name)
	}
	return parseFunction(name + ":" + version)
}

// parseFunction takes the forms that the Invoke API names:
//
//	NAME[:QUALIFIER]
//	ACCOUNT:function:NAME[:QUALIFIER]
//	arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]
func parseFunction(text string) (function, error) {
	refuse := func(why string) (function, error) {
		return function{}, fmt.Errorf("%w: %q %s; it should be NAME, NAME:ALIAS, ACCOUNT:function:NAME or arn:aws:lambda:REGION:ACCOUNT:function:NAME", ErrFunction, text, why)
	}
	var f function
	rest := text
	if strings.Contains(text, "://") {
		return refuse("is a URL")
	}
	if strings.HasPrefix(text, "arn:") {
		parsed, err := arn.Parse(text)
		if err != nil || parsed.Service != "lambda" || parsed.Region == "" || !isAccount(parsed.AccountID) {
			return refuse("is not the ARN of a function")
		}
		f.region = parsed.Region
		rest = parsed.AccountID + ":" + parsed.Resource
	}
	if account, resource, ok := strings.Cut(rest, ":"); ok && isAccount(account) {
		if rest, ok = strings.CutPrefix(resource, "function:"); !ok {
			return refuse("does not name a function")
		}
	}
	name, qualifier, qualified := strings.Cut(rest, ":")
	if !isName(name, maxNameBytes) {
		return refuse("has no name of 1 to 64 letters, digits, hyphens and underscores")
	}
	f.name = text
	if qualified {
		if qualifier != latest && !isName(qualifier, maxQualifierBytes) {
			return refuse("has no valid version or alias behind the name")
		}
		f.name = strings.TrimSuffix(text, ":"+qualifier)
		f.qualifier = aws.String(qualifier)
	}
	return f, nil
}

func isAccount(s string) bool {
	const digits = 12
	return len(s) == digits && strings.Trim(s, "0123456789") == ""
}

func isName(s string, limit int) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= limit
}
