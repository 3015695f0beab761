package lambdatest

import (
	"io"
	"net/http"
)

// httpAPIFront is an HTTP API: the event and the response have the format that function URLs use too.
type httpAPIFront struct {
	gateway *Gateway
	server  *GatewayServer
}

// event differs from that of a function URL in the path, which HTTP APIs decode, so that %2F is a slash, and in cookies, which
// are not among the headers (captured on AWS, see newURLRequest).
func (f *httpAPIFront) event(r *http.Request, body []byte, requestID string) ([]byte, error) {
	e := newURLRequest(r, body, requestID, f.server.server.addr)
	e.RawPath = r.URL.Path
	delete(e.Headers, "cookie")
	e.RequestContext.AccountID = accountID
	e.RequestContext.Stage = f.gateway.Stage
	return marshalEvent(e)
}

func (f *httpAPIFront) response(_ *http.Request, payload []byte) (gatewayResponse, error) {
	res, err := parseURLResponse(payload)
	if err != nil {
		return gatewayResponse{}, err
	}
	out := gatewayResponse{status: res.StatusCode, header: http.Header{}, body: res.body}
	prelude{Headers: res.Headers, Cookies: res.Cookies}.apply(out.header)
	return out, nil
}

func (f *httpAPIFront) fail(w http.ResponseWriter, why gatewayFailure) {
	if why == failedTooLarge || why == failedEvent {
		failAPI(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	why.answer(w)
}

func (f *httpAPIFront) identify(h http.Header, requestID, _ string) {
	h.Set("Apigw-Requestid", requestID)
}

// answer is what a client of API Gateway gets when the function gave no response ("Handling Lambda errors with an API
// Gateway API" in the Lambda Developer Guide): 500 if Lambda refused the invocation, 502 if the function failed or its
// response is malformed. 504 is from AWS's article on timeouts; of HTTP APIs users report 503 instead.
func (f gatewayFailure) answer(w http.ResponseWriter) {
	switch f {
	case failedTimeout:
		failAPI(w, http.StatusGatewayTimeout, "Endpoint request timed out")
	case failedFunction, failedResponse:
		failAPI(w, http.StatusBadGateway, "Internal server error")
	default:
		failAPI(w, http.StatusInternalServerError, "Internal server error")
	}
}

// failAPI answers as API Gateway does.
func failAPI(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"message": "`+message+`"}`)
}
