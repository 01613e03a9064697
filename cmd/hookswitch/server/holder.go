package server

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// holder is the process that listens on a port.
type holder struct {
	pid   int
	name  string // command and first argument
	since time.Time
}

func (h holder) String() string {
	return fmt.Sprintf("pid %d (%s, since %s)", h.pid, h.name, h.since.Format("15:04"))
}

// whoHolds looks in /proc for the process that listens on port. It finds those
// of our own user only, and none where there is no /proc.
func whoHolds(port int) (holder, bool) {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		if inode := listening(string(text), port); inode != "" {
			return owner("socket:[" + inode + "]")
		}
	}
	return holder{}, false
}

// listening finds the inode of the socket that listens on port in a table of
// /proc/net: "sl local_address rem_address st ... uid timeout inode".
func listening(table string, port int) string {
	const listen = "0A"
	want := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 9 && f[3] == listen && strings.HasSuffix(f[1], want) {
			return f[9]
		}
	}
	return ""
}

// owner finds the process that has socket open.
func owner(socket string) (holder, bool) {
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err != nil || target != socket {
			continue
		}
		dir := filepath.Dir(filepath.Dir(fd))
		pid, err := strconv.Atoi(filepath.Base(dir))
		info, serr := os.Stat(dir)
		if err != nil || serr != nil {
			continue
		}
		return holder{pid, command(dir), info.ModTime()}, true
	}
	return holder{}, false
}

// command is the process's name and first argument: "hookswitch serve". More
// might hold a secret.
func command(dir string) string {
	line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil || len(line) == 0 {
		return "?"
	}
	args := bytes.SplitN(line, []byte{0}, 3)
	name := filepath.Base(string(args[0]))
	if len(args) > 1 && len(args[1]) > 0 && args[1][0] != '-' {
		name += " " + string(args[1])
	}
	return name
}
