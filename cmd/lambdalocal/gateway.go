package main

import "github.com/go-offload/lambda/lambdatest"

var gatewayTypes = map[string]lambdatest.GatewayType{
	"rest": lambdatest.RESTAPI, "http": lambdatest.HTTPAPI, "async": lambdatest.AsyncRESTAPI, "alb": lambdatest.LoadBalancer,
}

// readGateway reads the settings of an HTTP front.
func readGateway(v value) (lambdatest.Gateway, error) {
	var g lambdatest.Gateway
	err := settings{
		"type": func(v value) error {
			t, ok := gatewayTypes[v.text]
			if !ok {
				return v.errorf("%q is no type of gateway; want rest, http, async or alb", v.text)
			}
			g.Type = t
			return v.want(isText)
		},
		"addr":              text(&g.Addr),
		"timeout":           duration(&g.Timeout),
		"stage":             text(&g.Stage),
		"stream":            truth(&g.Stream),
		"status":            number(&g.Status),
		"multiValueHeaders": truth(&g.MultiValueHeaders),
		"binaryMediaTypes":  texts(&g.BinaryMediaTypes),
	}.read(v)
	return g, err
}
