// Package offloadhttp runs an http.Handler, and so any router, as a Lambda function whose handlers defer tasks, and
// the same program as an ordinary server.
//
//	func main() {
//		r := chi.NewRouter()
//		r.Post("/orders", func(w http.ResponseWriter, r *http.Request) {
//			…
//			err := offload.After(r.Context(), sendReceipt.With(Receipt{Order: order.ID}))
//			…
//			w.WriteHeader(http.StatusCreated)
//		})
//		offloadhttp.Start(r)
//	}
//
// # On Lambda
//
// One binary serves function URLs in both invoke modes, API Gateway HTTP APIs (payload formats 2.0 and 1.0) and
// REST APIs (proxy integration, buffered or streamed), and Application Load Balancers with or without multi-value
// headers. Which it is, each event tells; an event of another kind, such as a WebSocket API's or VPC Lattice's,
// fails with [ErrEvent], unless [WithOtherEvents] takes it. Tasks that arrive from a queue or an asynchronous
// invocation are run as with offload.Start.
//
// Whether responses are streamed is configuration, because a function cannot see it: see [WithInvokeMode] and
// [WithRESTInvokeMode]. A streamed response goes out piece by piece as the handler writes it; status and headers go
// with the first Write or Flush. Writes block while the client is slow. Limits and failures are those of package
// offloadstream. Otherwise the response is collected and sent in one piece.
//
// Tasks start when the response is out, to its last byte. A response with a status of 500 is a response: it fails
// no invocation, and tasks deferred with offload.OnlyOnSuccess run.
//
// # What the handler sees
//
// A request is what net/http's server would make of it, with these notes:
//
//   - RemoteAddr is the client's address as the gateway saw it, with port 0: nobody tells it. Behind a load balancer that is the last
//     address of X-Forwarded-For.
//   - TLS is nil, as behind any proxy; X-Forwarded-Proto tells. [EventFromContext] has client certificates and authorizers' claims.
//   - Repeated headers come joined by commas, except from a REST API and from a load balancer with multi-value headers, and the order of
//     query parameters is lost where the event has them decoded (REST API, load balancer). A load balancer without multi-value
//     headers passes on the last of several values only.
//   - The path is without the stage and without [WithBasePath]; RequestURI is with them.
//   - The body is in memory already, at most 6 MB of event (1 MB from a load balancer): there is no Expect: 100-continue to answer, and read
//     deadlines mean nothing.
//   - The context has the invocation's deadline, after which Lambda ends the environment, and lambdacontext's values.
//
// # What it may do
//
// Responses are treated as in net/http: implicit status, content type by the first bytes (of the first Write where
// the response is streamed), no body for HEAD, 204 and 304, http.ErrContentLength, invalid headers left out. A
// panic concerns its request only: it is logged, the invocation fails with [PanicError], and the process lives;
// http.ErrAbortHandler fails it silently. Hijack is not supported and says so (errors.ErrUnsupported).
// Informational responses (1xx) and trailers cannot be sent and are left out; so are hop-by-hop headers. Several
// cookies behind a load balancer without multi-value headers are sent under different spellings of Set-Cookie,
// which was not verified on AWS: turn multi-value headers on for the target group.
//
// # Elsewhere
//
// Where AWS_LAMBDA_RUNTIME_API is not set, [Start] is an HTTP server whose tasks run after each response, and which
// finishes requests and tasks when it gets SIGTERM. See [Server].
//
// # Environment
//
//	OFFLOAD_HTTP_INVOKE_MODE         of the function URL: BUFFERED (the default) or RESPONSE_STREAM
//	OFFLOAD_HTTP_REST_TRANSFER_MODE  of the REST API's integrations: BUFFERED (the default) or STREAM
//	OFFLOAD_HTTP_BASE_PATH           a prefix to remove from paths
//	ADDR, PORT                       where the server outside Lambda listens
//	OFFLOAD_HTTP_SHUTDOWN_TIMEOUT    how long it may take to finish, 25s
//
// and those of package offload.
package offloadhttp
