//go:build !unix

package lambdatest

import "syscall"

const canFreeze = false // New refuses, so nothing below is ever reached with a process

func processGroup() *syscall.SysProcAttr { return nil }

func stopGroup(int)      {}
func continueGroup(int)  {}
func killGroup(int)      {}
func terminateGroup(int) {}

type memoryMeter struct{}

func (m *memoryMeter) open(int)  {}
func (m *memoryMeter) peak() int { return 0 }
func (m *memoryMeter) close()    {}
