//go:build !linux

package main

import "time"

// burn keeps the processor busy for d. Here that is time on the clock: the
// processor time of a thread is not to be had in the same way everywhere.
func burn(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		spin()
	}
}
