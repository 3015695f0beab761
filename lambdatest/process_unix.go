//go:build unix

package lambdatest

import "syscall"

const canFreeze = true

// Errors of kill mean that the group is gone, which its exit reports anyway.

func stopGroup(pid int)      { _ = syscall.Kill(-pid, syscall.SIGSTOP) }
func continueGroup(pid int)  { _ = syscall.Kill(-pid, syscall.SIGCONT) }
func killGroup(pid int)      { _ = syscall.Kill(-pid, syscall.SIGKILL) }
func terminateGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGTERM) }
