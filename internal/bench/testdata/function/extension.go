package main

import (
	"io"
	"net/http"
	"os"
	"strings"
)

// pollEvents is the least that an internal extension can be: it registers for INVOKE and asks for one event
// after the other. What it costs is what Lambda asks of any extension.
func pollEvents() error {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2020-01-01/extension/"
	register, err := http.NewRequest(http.MethodPost, api+"register", strings.NewReader(`{"events":["INVOKE"]}`))
	if err != nil {
		return err
	}
	register.Header.Set("Lambda-Extension-Name", "poller")
	resp, err := http.DefaultClient.Do(register)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	next, err := http.NewRequest(http.MethodGet, api+"event/next", nil)
	if err != nil {
		return err
	}
	next.Header.Set("Lambda-Extension-Identifier", resp.Header.Get("Lambda-Extension-Identifier"))
	go func() {
		for {
			resp, err := http.DefaultClient.Do(next)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}()
	return nil
}
