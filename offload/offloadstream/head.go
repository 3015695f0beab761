package offloadstream

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-offload/lambda/offload/internal/headerfield"
)

// ContentType is the media type of a response that begins with a prelude.
const ContentType = "application/vnd.awslambda.http-integration-response"

// maxPrelude is where the delimiter must have come: API Gateway answers 500 otherwise (API Gateway Developer Guide,
// "Set up a Lambda proxy integration with payload response streaming").
const maxPrelude = 16 << 10

// Head is what goes out before the body.
type Head struct {
	// Status is the HTTP status; 0 means 200.
	Status int

	// Header has the headers. Several values of one name are joined by ", ", except for Set-Cookie. Invalid names are
	// left out and line breaks in values become spaces, as in net/http.
	Header http.Header

	// Cookies are set in addition to Header's Set-Cookie.
	Cookies []*http.Cookie
}

// Prelude gives what goes out before the body: the head as JSON, and the eight NUL bytes that end it. [New] sends it;
// it is for those who make their own reader. The error is [ErrHeadTooLarge].
func (h Head) Prelude() ([]byte, error) {
	wire := struct {
		StatusCode int               `json:"statusCode"`
		Headers    map[string]string `json:"headers,omitempty"`
		Cookies    []string          `json:"cookies,omitempty"`
	}{StatusCode: h.Status, Headers: make(map[string]string, len(h.Header))}
	if wire.StatusCode == 0 {
		wire.StatusCode = http.StatusOK
	}
	for name, values := range h.Header {
		switch {
		case !headerfield.ValidName(name) || len(values) == 0:
		case http.CanonicalHeaderKey(name) == "Set-Cookie":
			for _, v := range values {
				wire.Cookies = append(wire.Cookies, headerfield.Value(v))
			}
		default:
			wire.Headers[name] = headerfield.Value(strings.Join(values, ", "))
		}
	}
	for _, c := range h.Cookies {
		if v := c.String(); v != "" { // empty: net/http would not send it either
			wire.Cookies = append(wire.Cookies, v)
		}
	}
	b, err := json.Marshal(wire)
	if err != nil {
		return nil, err
	}
	if len(b)+8 > maxPrelude {
		return nil, ErrHeadTooLarge
	}
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0), nil
}
