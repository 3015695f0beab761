// Package mail sends the mails of the example: to an HTTP endpoint, MAIL_URL, that takes its time.
package mail

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
)

var client = &http.Client{Transport: &http.Transport{}}

// SendWelcome returns when the mail was taken.
func SendWelcome(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("MAIL_URL"), strings.NewReader("To: "+address+"\n\nWelcome!\n"))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("mail to %s: %s", address, resp.Status)
	}
	return nil
}
