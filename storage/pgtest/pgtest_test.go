package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// victim is set in a process that starts a server and is killed.
const victim = "HOOKSWITCH_TEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victim) != "" {
		address, _, err := find()
		fmt.Println(address, err)
		select {}
	}
	os.Exit(Main(m))
}

// query returns the first column of the first row.
func query(ctx context.Context, address, sql string) (s string, err error) {
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		return "", err
	}
	defer c.Close(ctx)
	return s, c.QueryRow(ctx, sql).Scan(&s)
}

func TestEachDatabaseIsEmptyAndDropped(t *testing.T) {
	var first string
	outer := t
	t.Run("first", func(t *testing.T) {
		first = URL(t)
		c, err := pgx.Connect(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Exec(t.Context(), `CREATE TABLE x (a BIGINT)`); err != nil {
			t.Error(err)
		}
		// c stays open: a test's mistake must not keep the database.
		outer.Cleanup(func() { _ = c.Close(context.Background()) })
	})
	second := URL(t)
	if second == first {
		t.Errorf("the same database %s twice", first)
	}
	n, err := query(t.Context(), second, `SELECT COUNT(*)::text || current_setting('server_encoding') FROM information_schema.tables WHERE table_schema = 'public'`)
	if err != nil || n != "0UTF8" {
		t.Errorf("tables and encoding %q, %v, want 0UTF8", n, err)
	}
	if _, err := query(t.Context(), first, `SELECT 'x'`); err == nil {
		t.Error("the first database is there after its test")
	}
}

func TestTemplateIsFilledOnce(t *testing.T) {
	fills := 0
	m := Template{Fill: func(ctx context.Context, address string) error {
		fills++
		c, err := pgx.Connect(ctx, address)
		if err != nil {
			return err
		}
		_, err = c.Exec(ctx, `CREATE TABLE x (a TEXT); INSERT INTO x VALUES ('there')`)
		return errors.Join(err, c.Close(ctx))
	}}
	for range 3 {
		if s, err := query(t.Context(), m.URL(t), `DELETE FROM x RETURNING a`); err != nil || s != "there" {
			t.Errorf("%q, %v, want each copy to have the row", s, err)
		}
	}
	if fills != 1 {
		t.Errorf("filled %d times, want once", fills)
	}
}

func TestNothingIsLeftOfAKilledTest(t *testing.T) {
	if os.Getenv(Variable) != "" {
		t.Setenv(Variable, "") // of the child: a cluster of its own
	}
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), victim+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, _, _ := strings.Cut(line, " ")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := query(t.Context(), address, `SHOW data_directory`)
	if err != nil {
		t.Fatalf("the child said %q: %v", line, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // "signal: killed"
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		_, err := os.Stat(filepath.Dir(folder))
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%s is there 20 s after the kill", filepath.Dir(folder))
		}
	}
	if _, err := query(t.Context(), address, `SELECT 'x'`); err == nil {
		t.Error("the server answers after the kill")
	}
}

func TestGivenServerIsUsed(t *testing.T) {
	t.Setenv(Variable, "postgres://u@h/d")
	if address, stop, err := find(); address != "postgres://u@h/d" || stop != nil || err != nil {
		t.Errorf("find() = %s, %v, want the address that is set, and nothing to stop", address, err)
	}
	t.Setenv(Variable, "host=h password=hunter2")
	if _, _, err := find(); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("find() = %v, want an error without what is set", err)
	}
}

func TestNewestBinariesAreFound(t *testing.T) {
	root := t.TempDir()
	folder := func(parts ...string) string {
		f := filepath.Join(append([]string{root}, parts...)...)
		if err := os.MkdirAll(f, 0o755); err != nil {
			t.Fatal(err)
		}
		return f
	}
	program := func(folder, name string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(folder, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	pattern := filepath.Join(root, "lib", "*", "bin")
	none := folder("none")
	program(none, "initdb", 0o755) // without postgres
	for _, version := range []string{"9", "15", "17", "18"} {
		bin := folder("lib", version, "bin")
		program(bin, "initdb", 0o755)
		mode := os.FileMode(0o755)
		if version == "18" {
			mode = 0o644 // can't run
		}
		program(bin, "postgres", mode)
	}
	linked := folder("linked")
	for _, name := range []string{"initdb", "postgres"} {
		if err := os.Symlink(filepath.Join(root, "lib", "9", "bin", name), filepath.Join(linked, name)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		none: "17",
		"":   "17",
		none + string(os.PathListSeparator) + linked: "9", // what is on the path was chosen
	} {
		if bin, ok := binaries(path, pattern); !ok || bin != filepath.Join(root, "lib", want, "bin") {
			t.Errorf("binaries(%q) = %q, %v, want those of version %s", path, bin, ok, want)
		}
	}

	missing := filepath.Join(root, "missing", "*", "bin")
	_, err := installed("", missing, func() error { return errors.New("not here") })
	if err == nil || !strings.Contains(err.Error(), Variable) || !strings.Contains(err.Error(), "package postgresql") || !strings.Contains(err.Error(), "not here") {
		t.Errorf("installed() = %v, want an error that says what to do", err)
	}
	bin, err := installed("", missing, func() error {
		f := folder("missing", "16", "bin")
		program(f, "initdb", 0o755)
		program(f, "postgres", 0o755)
		return nil
	})
	if err != nil || major(bin) != 16 {
		t.Errorf("installed() = %q, %v, want what was installed", bin, err)
	}
	if _, err := installed("", filepath.Join(root, "nowhere"), func() error { return nil }); err == nil {
		t.Error("installed(an install that changes nothing) succeeded")
	}
}
