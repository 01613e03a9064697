package server

import (
	"runtime/debug"
	"testing"
	"testing/fstest"
)

func TestMostMemory(t *testing.T) {
	const machine = "MemTotal:       16384000 kB\nMemFree:        1 kB\n"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, c := range []struct {
		claim string
		files fstest.MapFS
		want  uint64
	}{
		{"nothing says anything", fstest.MapFS{}, 0},
		{"a machine", fstest.MapFS{"proc/meminfo": file(machine)}, 16384000 << 10},
		{"a container of version 2, which sees its own root", fstest.MapFS{
			"proc/meminfo": file(machine), "proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("536870912\n")}, 512 << 20},
		{"a service of version 2, limited by its slice", fstest.MapFS{
			"proc/meminfo": file(machine), "proc/self/cgroup": file("0::/apps.slice/hookswitch.service\n"),
			"sys/fs/cgroup/apps.slice/memory.max": file("1073741824\n"), "sys/fs/cgroup/apps.slice/hookswitch.service/memory.max": file("max\n")}, 1 << 30},
		{"version 1", fstest.MapFS{
			"proc/meminfo": file(machine), "proc/self/cgroup": file("12:cpu,cpuacct:/a\n5:memory:/docker/x\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("268435456\n")}, 256 << 20},
		{"version 1 without a limit, which it writes as a large one", fstest.MapFS{
			"proc/meminfo": file(machine), "proc/self/cgroup": file("5:memory:/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n")}, 16384000 << 10},
		{"a path that leads out of the tree", fstest.MapFS{
			"proc/self/cgroup": file("0::/../../..//x\n"), "sys/fs/cgroup/memory.max": file("1024\n")}, 1024},
		{"what is no file of the kernel's", fstest.MapFS{
			"proc/meminfo": file("MemTotal: much kB\n"), "proc/self/cgroup": file("::\n0:\nx\n0::\n"), "sys/fs/cgroup/memory.max": file("-1")}, 0},
	} {
		t.Run(c.claim, func(t *testing.T) {
			if got := mostMemory(c.files); got != c.want {
				t.Errorf("mostMemory() = %d, want %d", got, c.want)
			}
		})
	}
}

func FuzzMostMemory(f *testing.F) {
	f.Add("MemTotal: 1 kB\n", "0::/a/b\n", "max\n")
	f.Add("", "5:memory:/\n", "9223372036854771712")
	f.Fuzz(func(t *testing.T, info, groups, limit string) {
		files := fstest.MapFS{
			"proc/meminfo": {Data: []byte(info)}, "proc/self/cgroup": {Data: []byte(groups)},
			"sys/fs/cgroup/memory.max": {Data: []byte(limit)}, "proc/self/statm": {Data: []byte(groups)},
		}
		mostMemory(files)
		if got := resident(files); got < 0 {
			t.Errorf("resident() = %v", got)
		}
	})
}

// This test needs some memory, and much less than there is; of a limit that is a
// tenth of what it needs it needs more than all.
func TestMemoryShare(t *testing.T) {
	m := newMemory()
	share := m.share()
	if m.most == 0 || share <= 0 || share >= 1 {
		t.Fatalf("share() = %v of %d bytes", share, m.most)
	}
	needed := share * float64(m.most)
	m.most = uint64(needed / 10)
	if got := m.share(); got < 5 || got > 20 {
		t.Errorf("share() = %v of a tenth of what is needed", got)
	}
	if limit := debug.SetMemoryLimit(-1); limit < 0 {
		t.Errorf("the limit was changed to %d by being read", limit)
	}
}
