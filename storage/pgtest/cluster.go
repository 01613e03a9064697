package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// owner is who runs a cluster: Postgres refuses root. nil means whoever we are.
func owner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("pgtest: Postgres does not run as root, and there is neither a user postgres nor nobody: run the tests as another user, or set " + Variable)
}

// keeper runs a server as long as its own standard input is open. The other end
// is ours, and the kernel closes it however we end: no server and no folder is
// left behind by a test that was killed.
const keeper = `"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c port=5432 \
	-c fsync=off -c synchronous_commit=off -c full_page_writes=off \
	-c shared_buffers=32MB -c max_connections=200 -c autovacuum=off \
	-c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=128MB >"$2/log" 2>&1 </dev/null &
cat >/dev/null
kill -QUIT $!
wait
rm -rf "$2"`

// place is where a cluster lies: in memory if there is room, since to copy a
// template there takes a tenth of the time; else in /tmp, and not in TMPDIR, whose
// path may be too long for a socket.
func place() string {
	const memory, room = "/dev/shm", 1 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < room || !writable(memory) {
		return "/tmp"
	}
	return memory
}

func writable(dir string) bool {
	f, err := os.CreateTemp(dir, "hookswitch-pg")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}

// start makes a cluster of the binaries in bin and runs it on a socket in its own
// folder. stop stops it and removes everything.
func start(bin string) (address string, stop func() error, err error) {
	who, err := owner()
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp(place(), "hookswitch-pg")
	if err != nil {
		return "", nil, fmt.Errorf("pgtest: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			return "", nil, fmt.Errorf("pgtest: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"),
		"-U", "hookswitch", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.Env = dir, os.Environ()
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("pgtest: initdb: %w: %s", err, out)
	}

	theirs, hold, err := os.Pipe()
	if err != nil {
		return "", nil, fmt.Errorf("pgtest: %w", err)
	}
	defer theirs.Close()
	run := exec.Command("/bin/sh", "-c", keeper, "pgtest", bin, dir)
	run.Dir, run.Stdin = "/", theirs
	// A group of its own: an interrupt at the terminal is for us, and we end it.
	run.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true}
	if err := run.Start(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("pgtest: %w", err), hold.Close())
	}
	stop = func() error { return errors.Join(hold.Close(), run.Wait(), os.RemoveAll(dir)) }
	address = "postgres:///postgres?" + url.Values{"host": {dir}, "user": {"hookswitch"}}.Encode()
	if err := answers(ctx, address); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return "", nil, errors.Join(fmt.Errorf("pgtest: the server does not answer: %w: %s", err, log), stop())
	}
	return address, stop, nil
}

// answers waits until the server does.
func answers(ctx context.Context, address string) error {
	for {
		c, err := pgx.Connect(ctx, address)
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
