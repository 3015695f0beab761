// Package record is the file between measuring and reading: `run` writes one,
// every other command of the benchmark suite reads it.
//
// A file is NDJSON, one object a line, its kind in the field "kind":
//
//	run       the first line, once: machine, versions, command, network profile
//	workload  a workload as it was run, before the first round that uses it
//	request   one request of the client: its times, its tasks, its invocations
//	round     the end of a round of one contestant on one workload, with totals
//
// The lines of a round are written together, when the round is over, so every
// request in a file belongs to a complete round; what a killed run left of a
// round is one line without its end, or requests without a round line, and
// reading ignores it (File.Cut tells).
//
// Times are nanoseconds since Run.Started; 0 means never. The client's times
// are read from a monotonic clock, those of tasks and invocations from the wall
// clock of the machine that ran them: the same one with the target "local",
// another one with "aws", where differences between the two contain the clocks'
// difference.
//
// Files may be compressed with gzip: Open notices.
package record
