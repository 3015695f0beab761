package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// maxAge is how old a request may be: a recorded one is of no use after that. Slack's page
// "Verifying requests from Slack" names five minutes.
const maxAge = 5 * time.Minute

var errSignature = errors.New("the signature is not Slack's")

// verifier checks that a request is Slack's own.
type verifier struct {
	secret []byte
	now    func() time.Time
}

// check takes the headers as a function URL gives them, with names in lower case.
func (v verifier) check(headers map[string]string, body []byte) error {
	timestamp := headers["x-slack-request-timestamp"]
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: X-Slack-Request-Timestamp is %q", errSignature, timestamp)
	}
	if age := v.now().Sub(time.Unix(seconds, 0)); age.Abs() > maxAge {
		return fmt.Errorf("%w: the request is %v old", errSignature, age)
	}
	if !hmac.Equal([]byte(headers["x-slack-signature"]), []byte(v.sign(timestamp, body))) {
		return errSignature
	}
	return nil
}

func (v verifier) sign(timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, v.secret)
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", timestamp, body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}
