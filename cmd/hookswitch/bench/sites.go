package bench

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"
)

// coarse is [runtime.MemProfileRate] outside the window, in bytes.
const coarse = 4096

// allocations are the objects that this process ever allocated, by stack: the
// functions from who allocated to the goroutine's first, with " < " between them.
//
// Every allocation is noted from one call of it to the next, which makes each
// dearer by far; a start of the gateway would take a minute. In between the
// profile is coarse, so that who allocates now soon asks how fine it is.
func allocations() map[string]int64 {
	if runtime.MemProfileRate == 1 {
		defer func() { runtime.MemProfileRate = coarse }()
	} else {
		runtime.MemProfileRate = 1
	}
	runtime.GC() // what the profile tells is two collections old
	runtime.GC()
	records := make([]runtime.MemProfileRecord, 4096)
	for {
		n, ok := runtime.MemProfile(records, true)
		if ok {
			records = records[:n]
			break
		}
		records = make([]runtime.MemProfileRecord, n+1024)
	}
	sites := map[string]int64{}
	for _, r := range records {
		sites[stack(r.Stack())] += r.AllocObjects
	}
	return sites
}

func stack(pcs []uintptr) string {
	var names []string
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		if name := short(f.Function); name != "" {
			names = append(names, name)
		}
		if !more {
			return strings.Join(names, " < ")
		}
	}
}

// short is a function's name without where our module comes from; nothing for
// the allocator itself.
func short(function string) string {
	if strings.HasPrefix(function, "runtime.malloc") || function == "runtime.newobject" || strings.HasPrefix(function, "runtime.makeslice") {
		return ""
	}
	return strings.TrimPrefix(function, "github.com/hookswitch/hookswitch/")
}

// asker is in the stacks of who asks for all this.
const asker = "cmd/hookswitch/bench."

// Allocs are what frames need of a gateway's heap, by its own profile: what it
// allocates while calls talk, less what it does while as many are silent.
type Allocs struct {
	Frames   int64   `json:"frames"`          // in the window; each goes in, and out
	PerFrame float64 `json:"per_frame"`       // of the sites that had more; those that had less are chance
	PerSec   float64 `json:"idle_per_second"` // with calls, without frames
	Sites    []Site  `json:"sites"`           // where most is allocated for frames: the worst ten
	Idle     []Site  `json:"idle"`            // and without
}

// Site is where something is allocated.
type Site struct {
	Stack   string `json:"stack"` // innermost first
	Objects int64  `json:"objects"`
}

const (
	mostSites = 10
	mostStack = 5 // functions that are shown of a stack
)

// notes are allocations of one window.
type notes struct {
	sites  map[string]int64 // objects by the inner end of the stack
	frames int64
	window time.Duration
}

// between says what was allocated from one moment to another, but for what the
// asking took.
func between(before, after map[string]int64) map[string]int64 {
	sites := map[string]int64{}
	for at, n := range after {
		if n -= before[at]; n > 0 && !strings.Contains(at, asker) {
			sites[top(at)] += n
		}
	}
	return sites
}

// less tells what the frames of n needed, by how many more allocations they are
// than those of idle. Windows differ by a little: what goes on without frames is by
// time.
func (n notes) less(idle notes) *Allocs {
	a := &Allocs{Frames: n.frames, Idle: worst(idle.sites)}
	scale := n.window.Seconds() / idle.window.Seconds()
	more := map[string]int64{}
	var all int64
	for at, objects := range n.sites {
		if extra := objects - int64(scale*float64(idle.sites[at])); extra > 0 {
			more[at] = extra
			all += extra
		}
	}
	a.Sites = worst(more)
	for _, objects := range idle.sites {
		a.PerSec += float64(objects) / idle.window.Seconds()
	}
	if frames := n.frames - int64(scale*float64(idle.frames)); frames > 0 {
		a.PerFrame = float64(all) / float64(frames)
	}
	return a
}

// top is the inner end of a stack.
func top(stack string) string {
	names := strings.Split(stack, " < ")
	return strings.Join(names[:min(len(names), mostStack)], " < ")
}

func worst(sites map[string]int64) []Site {
	all := []Site{}
	for _, at := range slices.Sorted(maps.Keys(sites)) {
		all = append(all, Site{at, sites[at]})
	}
	slices.SortStableFunc(all, func(a, b Site) int { return cmp.Compare(b.Objects, a.Objects) })
	return all[:min(len(all), mostSites)]
}
