package run

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"github.com/go-offload/lambda/benchmarks/record"
)

// machine describes this machine as far as it tells.
func machine(awake bool) record.Machine {
	m := record.Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Awake: awake}
	m.CPU = procField("/proc/cpuinfo", "model name")
	if kb, err := strconv.Atoi(strings.TrimSuffix(procField("/proc/meminfo", "MemTotal"), " kB")); err == nil {
		m.MemoryMB = kb >> 10
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(b))
	}
	return m
}

// loadAverage is that of the last minute; 0 where it is not known.
func loadAverage() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

// warnIfBusy tells that something else runs on the machine.
func warnIfBusy(to io.Writer, load float64) {
	if load >= busy {
		_, _ = fmt.Fprintf(to, "the machine is busy (load average %.1f): latencies will show it, and two runs need not agree\n", load)
	}
}

// busy is the load average from which on a run is disturbed: the suite itself needs
// less than half a core.
const busy = 1.0

// procField is the value of the first line "name : value"; empty where there is no
// such file.
func procField(path, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// commit is what the repository is at; empty without git.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// sameCommit is an error if the repository is not at what a file was begun at.
func sameCommit(ctx context.Context, file, begun string) error {
	if now := commit(ctx); now != begun && ctx.Err() == nil {
		return fmt.Errorf("%s was begun at commit %q, this is %q: begin again, or check that one out and go on with -resume", file, begun, now)
	}
	return ctx.Err()
}
