package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// function is the import path of the function that is shown.
const function = "github.com/go-offload/lambda/examples/streaming-llm/function"

// stage is the local Lambda with the function, and a folder for the transcripts.
type stage struct {
	dir     string
	service *lambdatest.Service
	lambda  *lambdatest.Lambda
}

func newStage(ctx context.Context, strategy string) (_ *stage, err error) {
	st := &stage{}
	defer func() {
		if err != nil {
			st.close()
		}
	}()
	if st.dir, err = os.MkdirTemp("", "streaming-llm-"); err != nil {
		return nil, err
	}
	if st.service, err = lambdatest.New(nil); err != nil { // the service lives until close, whatever becomes of ctx
		return nil, err
	}
	st.lambda, err = st.service.Deploy(ctx, lambdatest.Function{
		Name: "chat", Package: function, Timeout: 30 * time.Second, URLMode: lambdatest.ResponseStream,
		Env: map[string]string{
			"OFFLOAD_STRATEGY":         strategy,
			"OFFLOAD_HTTP_INVOKE_MODE": lambdatest.ResponseStream.String(),
			"TRANSCRIPT_FILE":          st.transcripts(),
		},
	})
	if errors.Is(err, lambdatest.ErrBuild) {
		err = fmt.Errorf("%w\nRun this inside a clone of the repository: go run ./examples/streaming-llm", err)
	}
	return st, err
}

func (st *stage) transcripts() string { return filepath.Join(st.dir, "transcripts.jsonl") }

// close ends all processes and removes the files.
func (st *stage) close() {
	if st.service != nil {
		_ = st.service.Close()
	}
	if st.dir != "" {
		_ = os.RemoveAll(st.dir)
	}
}

// serve keeps the function URL open until ctx ends, and prints what the function prints.
func (st *stage) serve(ctx context.Context, out io.Writer) error {
	_, _ = fmt.Fprintf(out, "  curl -N %schat -d '{\"prompt\":\"What is the answer?\"}'\n\nTranscripts go to %s. Ctrl-C ends it.\n\n", st.lambda.URL(), st.transcripts())
	st.lambda.Subscribe(func(e lambdatest.Event) {
		if e.Kind == lambdatest.EventLog {
			_, _ = fmt.Fprintln(out, e.Message)
		}
	})
	<-ctx.Done()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return st.lambda.Shutdown(ending)
}

// ask asks one question, prints the answer as it comes and when what happened, and checks the order.
func (st *stage) ask(ctx context.Context, out io.Writer, prompt string) error {
	body, err := json.Marshal(map[string]string{"prompt": prompt})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, st.lambda.URL()+"chat", bytes.NewReader(body))
	if err != nil {
		return err
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // the status is the news
		return fmt.Errorf("the function answered %s: %s\n%s", resp.Status, text, st.lambda.LogText())
	}

	_, _ = fmt.Fprint(out, "\n  ")
	first, err := printTokens(out, resp.Body)
	if err != nil {
		return err
	}
	last := time.Now()
	if err := st.lambda.WaitIdle(ctx); err != nil {
		return err
	}
	text, err := os.ReadFile(st.transcripts())
	if err != nil {
		return fmt.Errorf("there is no transcript: %w\n%s", err, st.lambda.LogText())
	}
	file, err := os.Stat(st.transcripts())
	if err != nil {
		return err
	}
	return st.tell(out, first, last, file.ModTime(), text)
}

// printTokens prints the data of server-sent events as it comes. It tells when the first came.
func printTokens(out io.Writer, body io.Reader) (first time.Time, err error) {
	in := bufio.NewScanner(body)
	for in.Scan() {
		data, ok := strings.CutPrefix(in.Text(), "data: ")
		if !ok {
			continue
		}
		if first.IsZero() {
			first = time.Now()
		}
		var token string
		if err := json.Unmarshal([]byte(data), &token); err != nil {
			return first, fmt.Errorf("the stream has %q: %w", data, err)
		}
		_, _ = io.WriteString(out, token)
	}
	return first, in.Err()
}

// tell sums up one question.
func (st *stage) tell(out io.Writer, first, last, written time.Time, transcript []byte) error {
	var begin, answered, saved, frozen time.Time
	for _, e := range st.lambda.Events() {
		switch e.Kind { //nolint:exhaustive // these are what is told
		case lambdatest.EventInvokeStart:
			begin = e.Time
		case lambdatest.EventResponseEnd:
			answered = e.Time
		case lambdatest.EventRuntimeDone, lambdatest.EventExtensionsDone:
			saved = e.Time // the last of them: the runtime and the extension were waiting for it
		case lambdatest.EventFreeze:
			frozen = e.Time
		}
	}
	reports := st.lambda.Reports()
	if len(reports) != 1 {
		return fmt.Errorf("%d invocations, not one", len(reports))
	}
	at := func(t time.Time) string { return fmt.Sprintf("%5d ms", t.Sub(begin).Milliseconds()) }
	_, _ = fmt.Fprintf(out, "\n\n  %s  first token\n  %s  end of the answer, the client is done\n  %s  transcript saved: %s  %s  frozen; billed %d ms\n",
		at(first), at(last), at(saved), transcript, at(frozen), reports[0].BilledDuration.Milliseconds())
	switch {
	case written.Before(answered):
		return errors.New("the transcript was saved before the client had its answer")
	case !first.Before(last):
		return errors.New("the answer came in one piece")
	case !bytes.Contains(transcript, []byte(`"complete":true`)):
		return errors.New("the transcript is not complete")
	}
	return nil
}
