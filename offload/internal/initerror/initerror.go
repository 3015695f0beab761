// Package initerror reports that a function cannot start.
package initerror

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
)

const errorType = "Runtime.OffloadConfiguration"

// Report tells the Runtime API why the function cannot start, so that callers see more than an exit status. Errors
// of the report itself change nothing. Lambda ends the process as soon as it has the report, so what is to be
// logged is logged before.
func Report(cause error) {
	body, err := json.Marshal(map[string]string{"errorType": errorType, "errorMessage": cause.Error()})
	if err != nil {
		return
	}
	url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/init/error"
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Lambda-Runtime-Function-Error-Type", errorType)
	// A transport of its own, because the default one may go through a proxy.
	if resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req); err == nil {
		_ = resp.Body.Close()
	}
}
