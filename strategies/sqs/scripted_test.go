package sqs_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/go-offload/lambda/strategies/sqs"
)

// scripted serves answers that no well-behaved endpoint gives, and counts requests.
func scripted(tb testing.TB, answer http.HandlerFunc) (*sqs.Strategy, *atomic.Int32) {
	tb.Helper()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		answer(w, r)
	}))
	tb.Cleanup(server.Close)
	return open(tb, server.URL+"/123456789012/tasks", nil), &requests
}

type result struct {
	ID          string `json:"Id"`
	MD5         string `json:"MD5OfMessageBody,omitempty"`
	MessageID   string `json:"MessageId,omitempty"`
	Code        string `json:",omitempty"`
	Message     string `json:",omitempty"`
	SenderFault bool   `json:",omitempty"`
}

type entry struct {
	ID          string `json:"Id"`
	MessageBody string
}

func readEntries(r *http.Request) []entry {
	var in struct{ Entries []entry }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		panic(err)
	}
	return in.Entries
}

func taken(e entry) result {
	sum := md5.Sum([]byte(e.MessageBody))
	return result{ID: e.ID, MD5: hex.EncodeToString(sum[:]), MessageID: "m" + e.ID}
}

func answerResults(w http.ResponseWriter, successful, failed []result) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	json.NewEncoder(w).Encode(map[string]any{"Successful": successful, "Failed": failed})
}

func answerAll(w http.ResponseWriter, r *http.Request) {
	var successful []result
	for _, e := range readEntries(r) {
		successful = append(successful, taken(e))
	}
	answerResults(w, successful, nil)
}

func answerError(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		if code != "" {
			json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": "the message"})
		}
	}
}
