package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// debian is where Debian's packages put their servers.
const debian = "/usr/lib/postgresql/*/bin"

// find returns a server's address, and how to stop it if it is ours.
func find() (address string, stop func() error, err error) {
	if given := os.Getenv(Variable); given != "" {
		if !strings.HasPrefix(given, "postgres://") && !strings.HasPrefix(given, "postgresql://") {
			return "", nil, errors.New("pgtest: " + Variable + " must begin with postgres://")
		}
		return given, nil, nil
	}
	bin, err := installed(os.Getenv("PATH"), debian, install)
	if err != nil {
		return "", nil, err
	}
	return start(bin)
}

// installed is the folder of a server's binaries, which are installed if they
// must be.
func installed(path, pattern string, install func() error) (string, error) {
	if bin, ok := binaries(path, pattern); ok {
		return bin, nil
	}
	if err := install(); err != nil {
		return "", fmt.Errorf("pgtest: no Postgres for the tests: %w. Install Debian's package postgresql, "+
			"or put initdb and postgres on the PATH, or set %s to the postgres:// address of a server and a user that may create databases",
			err, Variable)
	}
	bin, ok := binaries(path, pattern)
	if !ok {
		return "", errors.New("pgtest: Postgres was installed, but there is no initdb in " + pattern)
	}
	return bin, nil
}

// binaries finds a folder that has initdb and postgres: on the path, or else
// the newest version that pattern finds.
func binaries(path, pattern string) (string, bool) {
	folders := filepath.SplitList(path)
	versions, err := filepath.Glob(pattern)
	if err != nil {
		return "", false
	}
	slices.SortFunc(versions, func(a, b string) int { return major(b) - major(a) })
	for _, folder := range append(folders, versions...) {
		if runs(filepath.Join(folder, "initdb")) && runs(filepath.Join(folder, "postgres")) {
			// initdb looks for the rest beside itself, not beside a link to it.
			real, err := filepath.EvalSymlinks(filepath.Join(folder, "initdb"))
			return filepath.Dir(real), err == nil
		}
	}
	return "", false
}

// major is the version in .../15/bin.
func major(bin string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	if err != nil {
		return 0
	}
	return n
}

func runs(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// install installs Debian's package, without the cluster that it would start by
// itself. Test processes that do so at the same time wait for one another in
// apt's own lock.
func install() error {
	if os.Geteuid() != 0 {
		return errors.New("it is not installed, and only root may install it")
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errors.New("it is not installed, and there is no apt-get")
	}
	const setting = "/etc/postgresql-common/createcluster.conf"
	if _, err := os.Stat(setting); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(setting), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(setting, []byte("create_main_cluster = false\n"), 0o644); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for _, command := range [][]string{
		{"update"},
		{"install", "-y", "--no-install-recommends", "postgresql"},
	} {
		c := exec.CommandContext(ctx, "apt-get", append([]string{"-o", "DPkg::Lock::Timeout=240"}, command...)...)
		c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w: %s", command[0], err, out[max(0, len(out)-2000):])
		}
	}
	return nil
}
