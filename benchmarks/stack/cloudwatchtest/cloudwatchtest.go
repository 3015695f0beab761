// Package cloudwatchtest poses as CloudWatch Logs for tests: as much of
// FilterLogEvents as the benchmark suite uses, over the logs of local functions.
package cloudwatchtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// Logs is the handler of an endpoint that speaks AWS JSON 1.1.
type Logs struct {
	Groups map[string]*lambdatest.Lambda // by name
	// Late is until when nothing is shown: CloudWatch Logs shows what was logged after a while.
	Late time.Time
}

// ServeHTTP answers in two pages, the even lines and the odd ones.
func (l *Logs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		LogGroupName  string `json:"logGroupName"`
		StartTime     int64  `json:"startTime"`
		NextToken     string `json:"nextToken"`
		FilterPattern string `json:"filterPattern"`
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	err := json.NewDecoder(r.Body).Decode(&in)
	group := l.Groups[in.LogGroupName]
	switch {
	case err != nil || r.Header.Get("X-Amz-Target") != "Logs_20140328.FilterLogEvents" || !strings.Contains(in.FilterPattern, "REPORT"):
		refuse(w, "InvalidParameterException", "The request is not what was expected.")
		return
	case group == nil:
		refuse(w, "ResourceNotFoundException", "The specified log group does not exist.")
		return
	}
	type event struct {
		LogStreamName string `json:"logStreamName"`
		Timestamp     int64  `json:"timestamp"`
		Message       string `json:"message"`
	}
	var out struct {
		Events    []event `json:"events"`
		NextToken string  `json:"nextToken,omitempty"`
	}
	page := 0
	if in.NextToken != "" {
		page = 1
	} else {
		out.NextToken = "second"
	}
	for i, line := range group.Logs() {
		if at := line.Time.UnixMilli(); i%2 == page && at >= in.StartTime && time.Now().After(l.Late) {
			out.Events = append(out.Events, event{line.EnvironmentID, at, line.Text + "\n"})
		}
	}
	_ = json.NewEncoder(w).Encode(&out) // a client that went away
}

func refuse(w http.ResponseWriter, code, message string) {
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}
