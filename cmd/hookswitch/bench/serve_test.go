package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// asServer makes this very binary the whole gateway instead of a test, with its
// database in the folder that the variable names.
const asServer = "BENCH_TEST_SERVER"

// serverFlags are further flags of that server: a NAME=VALUE on each line.
// serverProfile is a file for its CPU profile; whoever runs the benchmarks sets
// it.
const (
	serverFlags   = "BENCH_TEST_FLAGS"
	serverProfile = "BENCH_PROFILE"
)

// serveFor is `hookswitch serve`, save for the flags and the banner. It says
// where it listens, and stops when its input ends.
func serveFor(dir string, in io.Reader, out io.Writer) error {
	flags := map[string]string{
		"listen": "127.0.0.1:0", "database-url": "sqlite://" + filepath.Join(dir, "hookswitch.db"),
		"recordings": filepath.Join(dir, "recordings"), "webhooks": "private", "api-rate": "1000000",
	}
	for line := range strings.Lines(os.Getenv(serverFlags)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		flags[name] = value
	}
	l, err := config.Load(config.Input{Dir: dir, Flags: flags})
	if err != nil {
		return err
	}
	if file := os.Getenv(serverProfile); file != "" {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	s, err := server.Build(context.Background(), server.Options{
		Config: l.Config, Version: "bench", Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})),
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, s.Addr()); err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		io.Copy(io.Discard, in)
		signals <- syscall.SIGTERM
		signals <- syscall.SIGTERM
	}()
	_, err = s.RunUntil(context.Background(), signals)
	return err
}

// served is a gateway in another process.
type served struct {
	cmd     *exec.Cmd
	in      io.Closer
	address string
}

// serve starts a gateway on the database in dir. Flags are NAME=VALUE.
func serve(b *testing.B, dir string, flags ...string) *served {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asServer+"="+dir, serverFlags+"="+strings.Join(flags, "\n"))
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		b.Fatalf("the gateway does not start: %v; it said: %s", errors.Join(err, cmd.Wait()), text)
	}
	return &served{cmd: cmd, in: in, address: strings.TrimSpace(line)}
}

// get asks for path and returns the status of the answer.
func (s *served) get(b *testing.B, path string) int {
	b.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := c.Get("http://" + s.address + path)
	if err != nil {
		b.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// ready waits until the speech models are loaded.
func (s *served) ready(b *testing.B) {
	b.Helper()
	for range 600 {
		if s.get(b, "/readyz") == http.StatusOK {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Fatal("the gateway is not ready after a minute; are the models there? make models")
}

// cpu is what the gateway has used.
func (s *served) cpu(b *testing.B) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		b.Skip("this machine does not say what a process uses: ", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // after the name, state is field 3
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	kernel, _ := strconv.Atoi(fields[12])
	return time.Duration(user+kernel) * time.Second / 100 // USER_HZ
}

// stop ends the gateway and waits for it.
func (s *served) stop(b *testing.B) {
	b.Helper()
	s.in.Close()
	if err := s.cmd.Wait(); err != nil {
		b.Error("the gateway's process: ", err)
	}
}

// BenchmarkStart is from exec to the first answer of /healthz, on a database of
// 1,000 agents that is there already: the median of all starts.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	found(b, dir, "https://example.com/hook", 1000, 5)
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		s := serve(b, dir)
		if status := s.get(b, "/healthz"); status != http.StatusOK {
			b.Fatalf("its health is %d", status)
		}
		took = append(took, time.Since(began))
		b.StopTimer()
		s.stop(b)
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(took[len(took)/2]), "ms-median")
	b.ReportMetric(ms(took[len(took)-1]), "ms-most")
}

// BenchmarkIdle is what a gateway uses that nobody calls, from ten seconds after
// it was ready on.
func BenchmarkIdle(b *testing.B) {
	const settle, watch = 10 * time.Second, 30 * time.Second
	dir := b.TempDir()
	found(b, dir, "https://example.com/hook", 1000, 5)
	s := serve(b, dir)
	defer s.stop(b)
	s.ready(b)
	time.Sleep(settle)
	for b.Loop() {
		before := s.cpu(b)
		time.Sleep(watch)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(100*(s.cpu(b)-before).Seconds()/watch.Seconds(), "%core")
	}
}
