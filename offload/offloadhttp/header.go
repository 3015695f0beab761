package offloadhttp

import (
	"net/http"
	"net/textproto"
	"strings"

	"github.com/go-offload/lambda/offload/internal/headerfield"
)

// hopByHop are headers between two hops (RFC 9110, section 7.6.1): the gateway has a connection of its own to the
// client. Trailers cannot be sent through any of the sources.
var hopByHop = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Connection": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
}

// cleaned gives the headers that can be sent. As in net/http, invalid names are left out and line breaks in values
// become spaces.
func cleaned(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if hopByHop[canonical] || len(values) == 0 || !headerfield.ValidName(name) || strings.HasPrefix(name, http.TrailerPrefix) {
			continue
		}
		for _, v := range values {
			out[canonical] = append(out[canonical], headerfield.Value(v))
		}
	}
	return out
}

// joined makes one value of several, for formats that have no more. Cookies stay apart.
func joined(h http.Header) (headers map[string]string, cookies []string) {
	headers = make(map[string]string, len(h))
	for name, values := range h {
		if name == "Set-Cookie" {
			cookies = values
			continue
		}
		headers[name] = strings.Join(values, ", ")
	}
	return headers, cookies
}
