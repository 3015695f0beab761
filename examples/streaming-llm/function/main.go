// Command function answers questions token by token, and saves the transcript when the answer is out. On Lambda it
// needs a function URL with InvokeMode RESPONSE_STREAM and OFFLOAD_HTTP_INVOKE_MODE=RESPONSE_STREAM; elsewhere it
// is an ordinary HTTP server.
package main

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/go-offload/lambda/offload/offloadhttp"
	_ "github.com/go-offload/lambda/strategies/extension" // OFFLOAD_STRATEGY=extension
	_ "github.com/go-offload/lambda/strategies/stream"    // OFFLOAD_STRATEGY=stream
)

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, nil)))
	mux := http.NewServeMux()
	mux.Handle("POST /chat", &chat{model: parrot})
	offloadhttp.Start(mux)
}
