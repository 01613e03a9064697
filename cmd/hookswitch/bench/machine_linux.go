package bench

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cpuModel is the processor's name, or "unknown".
func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // a machine that doesn't say is measured all the same
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func loadAverage() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}

// cpuTime is what this process has used of all cores, kernel included.
func cpuTime() (time.Duration, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("bench: getrusage: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// allCPUTime is what all of the machine's cores have worked since it began,
// other guests' time on them included.
func allCPUTime() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	var all time.Duration
	for i, field := range strings.Fields(first) {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if idle := i == 4 || i == 5; i == 0 || idle || i > 8 || err != nil { // proc(5): user nice system IDLE IOWAIT irq softirq steal
			continue
		}
		all += time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100
	}
	return all, nil
}

// resident is the memory of this process that is in RAM, in bytes.
func resident() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("bench: /proc/self/statm reads %q", text)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("bench: /proc/self/statm: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}

// sleep waits for d, to some 60 µs: the runtime's own timers wake to the
// millisecond.
func sleep(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	unix.Nanosleep(&t, nil) // cut short by a signal, the wheel asks again
}

// cores are the processors that this process may run on, in order.
func cores() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("bench: sched_getaffinity: %w", err)
	}
	var list []int
	for i := range 1024 {
		if set.IsSet(i) {
			list = append(list, i)
		}
	}
	return list, nil
}

// onCore runs f on a thread that may use only core, as may every thread and
// process that f starts.
func onCore(core int, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var was, one unix.CPUSet
	one.Set(core)
	if err := unix.SchedGetaffinity(0, &was); err != nil {
		return fmt.Errorf("bench: sched_getaffinity: %w", err)
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("bench: sched_setaffinity: %w", err)
	}
	defer unix.SchedSetaffinity(0, &was) // it was so before; if not, only speed suffers
	return f()
}

// confine keeps every thread of this process on list. Threads that are born
// while it works may slip through one round, not two.
func confine(list []int) error {
	var set unix.CPUSet
	for _, core := range list {
		set.Set(core)
	}
	for range 2 {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		for _, t := range tasks {
			tid, err := strconv.Atoi(t.Name())
			if err != nil {
				continue
			}
			if err := unix.SchedSetaffinity(tid, &set); err != nil && err != unix.ESRCH {
				return fmt.Errorf("bench: sched_setaffinity: %w", err)
			}
		}
	}
	return nil
}
