package main

import "runtime"

// spin computes for some microseconds.
func spin() {
	x := uint64(88172645463325252)
	for range 5000 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	runtime.KeepAlive(x)
}
