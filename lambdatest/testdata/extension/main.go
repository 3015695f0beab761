// Command extension is an external extension that writes the events it gets to the file EXT_LOG.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

var base = "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2020-01-01/extension/"

func main() {
	events := `["INVOKE","SHUTDOWN"]`
	if v := os.Getenv("EXT_EVENTS"); v != "" {
		events = v
	}
	req, _ := http.NewRequest(http.MethodPost, base+"register", strings.NewReader(`{"events":`+events+`}`))
	req.Header.Set("Lambda-Extension-Name", filepath.Base(os.Args[0]))
	req.Header.Set("Lambda-Extension-Accept-Feature", "accountId")
	res, body := do(req)
	note("register %d %s", res.StatusCode, body)
	id := res.Header.Get("Lambda-Extension-Identifier")
	mode := os.Getenv("EXT_MODE")
	switch mode {
	case "init-error":
		reportError(id, "init/error")
		os.Exit(1)
	case "init-exit":
		os.Exit(5)
	}
	delay, _ := time.ParseDuration(os.Getenv("EXT_DELAY"))
	for {
		req, _ := http.NewRequest(http.MethodGet, base+"event/next", nil)
		req.Header.Set("Lambda-Extension-Identifier", id)
		res, body := do(req)
		note("%d %s %s", res.StatusCode, res.Header.Get("Lambda-Extension-Event-Identifier"), body)
		if bytes.Contains(body, []byte("SHUTDOWN")) {
			if mode == "hang" {
				time.Sleep(time.Hour)
			}
			note("bye")
			return
		}
		switch mode {
		case "exit-error":
			reportError(id, "exit/error")
			os.Exit(1)
		case "crash":
			os.Exit(6)
		}
		time.Sleep(delay)
	}
}

func reportError(id, path string) {
	req, _ := http.NewRequest(http.MethodPost, base+path, strings.NewReader(`{}`))
	req.Header.Set("Lambda-Extension-Identifier", id)
	req.Header.Set("Lambda-Extension-Function-Error-Type", "Extension.Broken")
	do(req)
}

func do(req *http.Request) (*http.Response, []byte) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		note("failed %v", err)
		os.Exit(9)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res, body
}

func note(format string, args ...any) {
	f, err := os.OpenFile(os.Getenv("EXT_LOG"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		fmt.Fprintf(f, format+"\n", args...)
		f.Close()
	}
}
