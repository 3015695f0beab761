package lambdatest

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// killStrays ends the processes that left the group of the one that started them, as a detached child of Node.js does, or a daemon:
// those that have the address of the sandbox in their environment, which no other sandbox has. Processes may be born while it
// looks, so it looks until it finds none, but not for ever.
func killStrays(addr string) {
	const rounds = 5
	variable := []byte("\x00AWS_LAMBDA_RUNTIME_API=" + addr + "\x00")
	for range rounds {
		found := false
		for _, pid := range processNumbers() {
			environment, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
			if err != nil || len(environment) == 0 { // gone, or somebody else's
				continue
			}
			if bytes.Contains(append([]byte{0}, environment...), variable) {
				found = syscall.Kill(pid, syscall.SIGKILL) == nil || found
			}
		}
		if !found {
			return
		}
	}
}

// processNumbers lists the processes of this machine, without an order.
func processNumbers() []int {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer func() { _ = proc.Close() }()
	names, _ := proc.Readdirnames(-1) // as far as it could be read
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
