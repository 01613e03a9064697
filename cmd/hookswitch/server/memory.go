package server

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
)

// memory tells how much of the memory that this process may have it needs. What
// the next collection of garbage gives back is not needed: a heap may grow up to
// its limit by design.
type memory struct {
	machine fs.FS  // "proc" and "sys" are in it
	most    uint64 // bytes that the container or the machine has; 0 unknown
	samples []metrics.Sample
}

// What is asked of the runtime, by its place among the samples.
const (
	heapObjects = iota // on the heap, garbage too
	heapLive           // that the last collection left
	heapFree           // of the heap, and not given back
	goTotal
	goReleased // given back to the system
)

func newMemory() *memory {
	m := &memory{machine: os.DirFS("/"), samples: []metrics.Sample{
		heapObjects: {Name: "/memory/classes/heap/objects:bytes"}, heapLive: {Name: "/gc/heap/live:bytes"}, heapFree: {Name: "/memory/classes/heap/free:bytes"},
		goTotal: {Name: "/memory/classes/total:bytes"}, goReleased: {Name: "/memory/classes/heap/released:bytes"},
	}}
	m.most = mostMemory(m.machine)
	return m
}

// share is what is needed of what there may be: of GOMEMLIMIT by Go's part, or of
// the container's or the machine's by all of the process; the worse of the two. 0
// where nobody can tell.
func (m *memory) share() float64 {
	metrics.Read(m.samples)
	of := func(i int) float64 {
		if m.samples[i].Value.Kind() != metrics.KindUint64 {
			return 0
		}
		return float64(m.samples[i].Value.Uint64())
	}
	garbage := max(0, of(heapObjects)-of(heapLive)) + of(heapFree)
	ours := of(goTotal) - of(goReleased)
	all := max(ours, resident(m.machine)) - garbage // what C has is not in ours
	used := 0.
	if limit := debug.SetMemoryLimit(-1); limit > 0 && limit < math.MaxInt64 {
		used = (ours - garbage) / float64(limit)
	}
	if m.most > 0 {
		used = max(used, all/float64(m.most))
	}
	return max(0, used)
}

// resident is what of the process is in memory, in bytes; 0 where the system does
// not say so in /proc.
func resident(machine fs.FS) float64 {
	text, err := fs.ReadFile(machine, "proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return float64(pages) * float64(os.Getpagesize())
}

// mostMemory is what the process may have, in bytes: what the machine has, or
// the least that the control groups above the process allow, of version 1 or 2. 0
// when nothing says so.
func mostMemory(machine fs.FS) uint64 {
	var most uint64
	atMost := func(bytes uint64) {
		if bytes > 0 && (most == 0 || bytes < most) {
			most = bytes
		}
	}
	atMost(ofMachine(machine))
	groups, _ := fs.ReadFile(machine, "proc/self/cgroup") // no groups, no limits
	for line := range strings.Lines(string(groups)) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(part) < 3:
		case part[1] == "":
			atMost(ofGroup(machine, "sys/fs/cgroup", part[2], "memory.max"))
		case strings.Contains(","+part[1]+",", ",memory,"):
			atMost(ofGroup(machine, "sys/fs/cgroup/memory", part[2], "memory.limit_in_bytes"))
		}
	}
	return most
}

// ofGroup is the least limit of a group and those above it. In a container the
// path may be of the machine's tree, of which only the root is to be seen.
func ofGroup(machine fs.FS, root, group, file string) (least uint64) {
	const deepest = 32
	group = path.Clean("/" + group)
	for range deepest {
		text, err := fs.ReadFile(machine, path.Join(root, group, file))
		if err == nil { // "max" is no number
			if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && (least == 0 || n < least) {
				least = n
			}
		}
		if group == "/" {
			break
		}
		group = path.Dir(group)
	}
	return least
}

// ofMachine is what /proc/meminfo says that there is.
func ofMachine(machine fs.FS) uint64 {
	text, _ := fs.ReadFile(machine, "proc/meminfo")
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 54)
			if err == nil {
				return kb << 10
			}
		}
	}
	return 0
}
