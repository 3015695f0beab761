// Module routertest runs one program, written with chi, echo or net/http's own mux, behind everything that offloadhttp
// serves. It is a module of its own so that the routers are no dependencies of the library.
module github.com/go-offload/lambda/offload/offloadhttp/routertest

go 1.26

require (
	github.com/go-chi/chi/v5 v5.5.0
	github.com/go-offload/lambda v0.0.0
	github.com/labstack/echo/v4 v4.16.0
)

require (
	github.com/aws/aws-lambda-go v1.55.1 // indirect
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	github.com/labstack/gommon v0.5.0 // indirect
	github.com/mattn/go-colorable v0.1.15 // indirect
	github.com/mattn/go-isatty v0.0.22 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasttemplate v1.2.2 // indirect
	golang.org/x/crypto v0.53.0 // indirect
	golang.org/x/net v0.56.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
	golang.org/x/text v0.40.0 // indirect
)

replace github.com/go-offload/lambda => ../../..
