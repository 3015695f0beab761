package offloadhttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// request makes an event into what an http.Server would have made of the client's request.
func (e *wireEvent) request(ctx context.Context, basePath string) (*http.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, fmt.Errorf("%w: its body is not base64: %w", ErrEvent, err)
		}
	}
	header, host := e.header()
	if host == "" {
		host = e.RequestContext.DomainName
	}
	path, query := e.target()
	r := &http.Request{
		Method:        strings.ToUpper(e.method()),
		URL:           urlOf(e.withoutPrefix(path, basePath), query),
		Header:        header,
		Body:          http.NoBody,
		ContentLength: int64(len(body)),
		Host:          host,
		RemoteAddr:    e.remoteAddr(),
		RequestURI:    path,
	}
	if query != "" {
		r.RequestURI += "?" + query
	}
	if len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if header["Content-Length"] != nil { // of the body as the gateway got it
		header["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	r.Proto, r.ProtoMajor, r.ProtoMinor = e.protocol()
	return r.WithContext(context.WithValue(ctx, eventKey{}, e)), nil
}

func (e *wireEvent) method() string {
	if e.Version == "2.0" {
		return e.RequestContext.HTTP.Method
	}
	return e.HTTPMethod
}

// header gives the headers under their canonical names, and the Host, which net/http keeps apart. Repeated headers
// that came joined by commas stay joined: a comma may as well be part of a value.
func (e *wireEvent) header() (header http.Header, host string) {
	header = make(http.Header, len(e.Headers)+len(e.MultiValueHeaders)+1)
	for name, values := range e.MultiValueHeaders {
		name = textproto.CanonicalMIMEHeaderKey(name)
		header[name] = append(header[name], values...)
	}
	multi := len(header) > 0
	for name, value := range e.Headers {
		name = textproto.CanonicalMIMEHeaderKey(name)
		if multi && header[name] != nil {
			continue // format 1.0 gives the last of several values here once more
		}
		header[name] = append(header[name], value)
	}
	if len(e.Cookies) > 0 { // all of them, also if the headers have them once more
		header["Cookie"] = []string{strings.Join(e.Cookies, "; ")}
	}
	if hosts := header["Host"]; len(hosts) > 0 {
		host = hosts[0]
		delete(header, "Host")
	}
	return header, host
}

// target gives path and query as the client sent them, as far as the event tells.
func (e *wireEvent) target() (path, query string) {
	path = e.Path
	switch {
	case e.Version == "2.0":
		if path = e.RawPath; path == "" {
			path = e.RequestContext.HTTP.Path
		}
		if query = e.RawQueryString; query == "" {
			query = encodeQuery(nil, e.QueryStringParameters, url.QueryEscape)
		}
	case e.source == LoadBalancer:
		asSent := func(s string) string { return s } // load balancers do not decode
		query = encodeQuery(e.MultiValueQueryStringParameters, e.QueryStringParameters, asSent)
	default:
		query = encodeQuery(e.MultiValueQueryStringParameters, e.QueryStringParameters, url.QueryEscape)
	}
	if e.source == HTTPAPI {
		// These decode the path, the others do not (captured on AWS by others: github.com/hotsock/voker, vokerhttp/testdata, July 2026). What is
		// decoded below must not be decoded twice.
		path = (&url.URL{Path: path}).EscapedPath()
	}
	if !strings.HasPrefix(path, "/") && path != "*" {
		path = "/" + path
	}
	return path, query
}

// encodeQuery puts a query string together from its parts. Their order is lost in the event; here it is that of the
// names.
func encodeQuery(multi map[string][]string, single map[string]string, escape func(string) string) string {
	if len(multi) == 0 {
		multi = make(map[string][]string, len(single))
		for name, value := range single {
			multi[name] = []string{value}
		}
	}
	names := make([]string, 0, len(multi))
	for name := range multi {
		names = append(names, name)
	}
	slices.Sort(names)
	var query strings.Builder
	for _, name := range names {
		for _, value := range multi[name] {
			if query.Len() > 0 {
				query.WriteByte('&')
			}
			query.WriteString(escape(name) + "=" + escape(value))
		}
	}
	return query.String()
}

// withoutPrefix takes off the path what is configuration and not part of the program's routes: the stage, which an
// HTTP API leaves in rawPath unless it is $default, and the base path.
func (e *wireEvent) withoutPrefix(path, basePath string) string {
	if stage := e.RequestContext.Stage; e.source == HTTPAPI && e.Version == "2.0" && stage != "" && stage != "$default" {
		path = cutPrefix(path, "/"+stage)
	}
	return cutPrefix(path, basePath)
}

// cutPrefix removes whole segments: prefix is "" or begins with a slash and does not end with one.
func cutPrefix(path, prefix string) string {
	rest, ok := strings.CutPrefix(path, prefix)
	switch {
	case !ok || prefix == "":
		return path
	case rest == "":
		return "/"
	case rest[0] == '/':
		return rest
	}
	return path
}

// urlOf makes the URL that an http.Server gives its handlers: no host, path decoded and, where that is not the
// same, as it was sent. A path that is no valid encoding is taken as it is.
func urlOf(path, query string) *url.URL {
	u := &url.URL{Path: path, RawQuery: query}
	if decoded, err := url.PathUnescape(path); err == nil {
		if u.Path = decoded; u.EscapedPath() != path {
			u.RawPath = path
		}
	}
	return u
}

// remoteAddr has the form that net/http gives it. Nobody tells the client's port, so it is 0.
func (e *wireEvent) remoteAddr() string {
	rc := &e.RequestContext
	ip := rc.HTTP.SourceIP
	switch {
	case e.source == LoadBalancer:
		// The last address is the one that the load balancer saw; those before are what the client claims.
		all := e.MultiValueHeaders["x-forwarded-for"]
		if len(all) == 0 {
			all = []string{e.Headers["x-forwarded-for"]}
		}
		list := all[len(all)-1]
		ip = strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
		if _, _, err := net.SplitHostPort(ip); err == nil {
			return ip // client port preservation is on
		}
	case ip == "":
		ip = rc.Identity.SourceIP
	}
	if ip == "" {
		return ""
	}
	return net.JoinHostPort(strings.Trim(ip, "[]"), "0")
}

func (e *wireEvent) protocol() (name string, major, minor int) {
	name = e.RequestContext.HTTP.Protocol
	if name == "" {
		name = e.RequestContext.Protocol
	}
	major, minor, ok := http.ParseHTTPVersion(name)
	if !ok {
		return "HTTP/1.1", 1, 1
	}
	return name, major, minor
}
