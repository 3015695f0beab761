// Package analysis turns the raw file of a benchmark run into the numbers that
// reports, comparisons and advice are made of: percentiles from HDR histograms,
// medians with confidence intervals, lost tasks, environments, and the durations
// that the cost model asks for.
//
// Warm-up rounds and requests count nowhere. A latency is the time from the
// intended start of a request to the last byte of its response, so a client that
// is held up does not hide the wait of the requests behind it.
package analysis
