module github.com/go-offload/lambda/benchmarks

go 1.26
