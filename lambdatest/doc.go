// Package lambdatest is a local AWS Lambda that freezes.
package lambdatest
