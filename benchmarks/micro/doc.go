// Package micro holds benchmarks that need other people's libraries: deferring n
// tasks that do nothing, and running them, beside the usual ways to run n functions
// and wait for them.
//
//	go test ./benchmarks/micro -run '^$' -bench . -count 10 | benchstat -col /way -
//
// One iteration is one invocation. A pool is made once, as it would be in a
// function; what belongs to one invocation is made in each iteration. Offload does more
// than its neighbours: it opens a scope, recovers panics, watches the deadline and
// ends each task in one event. It may do so after the response. Here it runs outside Lambda,
// where the tail has a goroutine of its own; the stream strategy saves that one, see
// BenchmarkAfter in package offload.
//
// Benchmarks that need no other library are beside the code they measure.
package micro
