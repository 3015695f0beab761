package lambdatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

const (
	// preludeType is the content type of a response that begins with a prelude.
	preludeType = "application/vnd.awslambda.http-integration-response"
	// maxPrelude bounds the prelude. API Gateway looks for its end in the first 16 KB; for function URLs AWS names no
	// number.
	maxPrelude = 16 << 10
)

// preludeEnd separates the prelude from the body.
var preludeEnd = make([]byte, 8)

var errPrelude = errors.New("invalid prelude")

// prelude is the metadata of an HTTP response at the head of a stream.
type prelude struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Cookies    []string          `json:"cookies"`
	// MultiValueHeaders are for API Gateway only, see applyMulti.
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
}

// hasPrelude tells from the content type that the runtime posted whether the response begins with a prelude.
func hasPrelude(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == preludeType
}

// readPrelude reads the prelude and returns the body behind it.
func readPrelude(r io.Reader) (prelude, io.Reader, error) {
	var head []byte
	buf := make([]byte, 4<<10)
	for {
		n, err := r.Read(buf)
		head = append(head, buf[:n]...)
		if i := bytes.Index(head, preludeEnd); i >= 0 {
			p, perr := parsePrelude(head[:i])
			var body io.Reader = bytes.NewReader(head[i+len(preludeEnd):])
			if err == nil {
				body = io.MultiReader(body, r)
			} else if !errors.Is(err, io.EOF) {
				body = io.MultiReader(body, failingReader{err})
			}
			return p, body, perr
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return prelude{}, nil, err
		}
		if err != nil || len(head) > maxPrelude {
			return prelude{}, nil, fmt.Errorf("%w: no end (8 NUL bytes) in the first %d bytes", errPrelude, len(head))
		}
	}
}

func parsePrelude(b []byte) (prelude, error) {
	var p prelude
	if len(bytes.TrimSpace(b)) > 0 {
		if err := json.Unmarshal(b, &p); err != nil {
			return p, fmt.Errorf("%w: %w", errPrelude, err)
		}
	}
	if p.StatusCode == 0 {
		p.StatusCode = http.StatusOK
	}
	if !validStatus(p.StatusCode) {
		return p, fmt.Errorf("%w: status code %d", errPrelude, p.StatusCode)
	}
	return p, nil
}

// validStatus keeps out what net/http cannot send as a final status.
func validStatus(code int) bool { return code >= 200 && code <= 599 }

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }
