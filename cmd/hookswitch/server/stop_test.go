package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// signalled runs a server that stops by signals.
func signalled(t *testing.T, o server.Options) (b *booted, signals chan os.Signal, done chan os.Signal) {
	t.Helper()
	b = &booted{t: t, ended: make(chan telephony.EndReason, 16)}
	o.Watch = b.watch
	s, err := server.Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b.Server = s
	signals, done = make(chan os.Signal, 2), make(chan os.Signal, 1)
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() {
		first, err := s.RunUntil(ctx, signals)
		done <- first
		ran <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Errorf("RunUntil() = %v", err)
		}
	})
	return b, signals, done
}

func TestFirstSignalDrains(t *testing.T) {
	t.Parallel()
	b, signals, done := signalled(t, options(t))
	call := b.call(handset.Silent)
	eventually(t, "the stream is let in", func() bool {
		live, err := b.Store().Unended(t.Context(), "", time.Now())
		return err == nil && len(live) == 1 && live[0].Admitted > 0
	})

	signals <- syscall.SIGTERM
	eventually(t, "readyz says so", func() bool {
		status, body := b.get("/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "draining")
	})
	turnedAway := b.call(handset.Silent)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := turnedAway.Wait(ctx); err != nil {
		t.Fatalf("a new call was taken: %v", err)
	}
	if turnedAway.Status() == telephony.Completed {
		t.Errorf("a call that comes while draining is %s; it must be turned down unanswered", turnedAway.Status())
	}
	if got := b.end(); got != telephony.Refused {
		t.Errorf("the new call ended for %s, want %s", got, telephony.Refused)
	}
	if !call.Streaming() {
		t.Error("the live call was ended")
	}
	call.Hangup()
	if got := b.end(); got != telephony.CallerHangup {
		t.Errorf("the live call ended for %s", got)
	}
	select {
	case first := <-done:
		if first != syscall.SIGTERM {
			t.Errorf("RunUntil() says that the signal was %v", first)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("drained, and still running 10 s later")
	}
}

func TestSecondSignalStops(t *testing.T) {
	t.Parallel()
	b, signals, done := signalled(t, options(t))
	call := b.call(handset.Silent)
	eventually(t, "stream", call.Streaming)
	signals <- syscall.SIGTERM
	signals <- syscall.SIGTERM
	if got := b.end(); got != telephony.Shutdown {
		t.Errorf("the live call ended for %s, want %s", got, telephony.Shutdown)
	}
	select {
	case <-done:
	case <-time.After(15 * time.Second):
		t.Fatal("still running 15 s after the second signal")
	}
}

func TestDrainGivesUpInTheEnd(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Config.Drain = 50 * time.Millisecond
	b, signals, done := signalled(t, o)
	call := b.call(handset.Silent)
	eventually(t, "stream", call.Streaming)
	signals <- syscall.SIGTERM
	if got := b.end(); got != telephony.Shutdown {
		t.Errorf("the live call ended for %s, want %s", got, telephony.Shutdown)
	}
	<-done
}

func TestTakenPortIsToldWithWhoHoldsIt(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	o := options(t)
	o.Config.Listen = ln.Addr().String()
	_, err = server.Build(t.Context(), o)
	if got := fault.Status(err); got != fault.Impossible {
		t.Errorf("exit status %d, want %d", got, fault.Impossible)
	}
	var f *fault.Fault
	if !errors.As(err, &f) || f.Code != "start/port" {
		t.Fatalf("Build() = %v", err)
	}
	_, port, _ := net.SplitHostPort(o.Config.Listen)
	if !strings.HasPrefix(f.What, "port "+port+" is taken") || !strings.Contains(f.Where, o.Config.Listen) {
		t.Errorf("told as %q at %q", f.What, f.Where)
	}
	if _, err := os.Stat("/proc/self/fd"); err == nil {
		if pid := strconv.Itoa(os.Getpid()); !strings.Contains(f.What, "by pid "+pid+" (") || !strings.Contains(f.Mend, "kill\u00a0"+pid) {
			t.Errorf("who holds it is not told: %q, %q", f.What, f.Mend)
		}
	}
}

func TestUnusableStartsAreTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, code string
		spoil      func(t *testing.T, o *server.Options)
	}{
		{"no such address", "start/address", func(_ *testing.T, o *server.Options) { o.Config.Listen = "192.0.2.1:8080" }},
		{"no certificate", "start/certificate", func(_ *testing.T, o *server.Options) { o.Config.TLS.Cert, o.Config.TLS.Key = "nowhere", "nowhere" }},
		{"no script", "script/file", func(_ *testing.T, o *server.Options) { o.Config.Script = "nowhere.yaml" }},
		{"wrong script", "script/mistake", func(t *testing.T, o *server.Options) {
			o.Config.Script = t.TempDir() + "/script.yaml"
			if err := os.WriteFile(o.Config.Script, []byte("nonsense: 1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"no database", "db/open", func(t *testing.T, o *server.Options) {
			o.Config.DatabaseURL = "sqlite://" + t.TempDir() // a folder
		}},
		{"no folder of agents", "start/agents", func(t *testing.T, o *server.Options) { o.Config.AgentsDir = t.TempDir() + "/none" }},
		{"wrong agent", "start/agents", func(t *testing.T, o *server.Options) {
			o.Config.AgentsDir = agentsFolder(t, "agent-x.yaml", "enabled: perhaps\n")
		}},
		{"no model", "config/model", func(_ *testing.T, o *server.Options) { o.Config.LLM, o.Config.OpenAI.Model = "openai", "" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t)
			tt.spoil(t, &o)
			_, err := server.Build(t.Context(), o)
			var list *fault.List
			var f *fault.Fault
			switch {
			case errors.As(err, &list):
				f = list.Faults[0]
			case !errors.As(err, &f):
				t.Fatalf("Build() = %v", err)
			}
			if f.Code != tt.code || f.What == "" || f.Where == "" || f.Mend == "" {
				t.Errorf("told as [%s] %q at %q, mend %q", f.Code, f.What, f.Where, f.Mend)
			}
		})
	}
}

// A parent that holds the socket can replace a gateway that was killed: nobody
// who calls in between is refused.
func TestSocketOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	socket, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	dir := t.TempDir()

	first := startChild(t, dir, socket)
	if got := healthz(t, ln.Addr().String()); got != "ok\n" {
		t.Fatalf("/healthz of the first = %q", got)
	}
	first.Process.Kill()
	first.Wait()

	answer := make(chan string, 1)
	go func() { answer <- healthz(t, ln.Addr().String()) }() // waits in the socket's queue
	second := startChild(t, dir, socket)
	select {
	case got := <-answer:
		if got != "ok\n" {
			t.Errorf("/healthz of the second = %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("whoever called in between was never answered")
	}
	second.Process.Signal(syscall.SIGTERM)
	if err := second.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// startChild runs this test binary as a gateway on socket. The shell is there
// because LISTEN_PID must be the pid of the child itself.
func startChild(t *testing.T, dir string, socket *os.File) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0"`, self)
	cmd.Env = append(os.Environ(), asChild+"="+dir)
	cmd.ExtraFiles = []*os.File{socket}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

func healthz(t *testing.T, addr string) string {
	resp, err := client.Get("http://" + addr + "/healthz")
	if err != nil {
		t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return string(body)
}
