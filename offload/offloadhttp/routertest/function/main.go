// Command function is the order API of the quickstart with a router. ROUTER selects which; the handlers are the same
// for all. The program knows nothing of where it runs.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/go-offload/lambda/offload/offloadhttp"
	_ "github.com/go-offload/lambda/strategies/extension"
	_ "github.com/go-offload/lambda/strategies/stream"
)

func main() {
	newRouter, ok := routers[os.Getenv("ROUTER")]
	if !ok {
		log.Fatal("ROUTER is none of chi, echo and mux")
	}
	offloadhttp.Start(newRouter())
}

var routers = map[string]func() http.Handler{
	"chi": func() http.Handler {
		r := chi.NewRouter()
		r.Post("/orders", create)
		r.Get("/orders/{id}", func(w http.ResponseWriter, r *http.Request) { show(w, chi.URLParam(r, "id")) })
		r.Get("/tokens", tokens)
		return r
	},
	"echo": func() http.Handler {
		e := echo.New()
		e.POST("/orders", echo.WrapHandler(http.HandlerFunc(create)))
		e.GET("/orders/:id", func(c echo.Context) error { show(c.Response(), c.Param("id")); return nil })
		e.GET("/tokens", echo.WrapHandler(http.HandlerFunc(tokens)))
		return e
	},
	"mux": func() http.Handler {
		m := http.NewServeMux()
		m.HandleFunc("POST /orders", create)
		m.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) { show(w, r.PathValue("id")) })
		m.HandleFunc("GET /tokens", tokens)
		return m
	},
}
