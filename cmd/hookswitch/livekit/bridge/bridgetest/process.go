package bridgetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// realServer names the variable with the binary of a LiveKit server; `make
// livekit` builds one.
const realServer = "HOOKSWITCH_LIVEKIT_SERVER"

// Process is a livekit-server on loopback.
type Process struct {
	cmd  *exec.Cmd
	port int
	out  bytes.Buffer
}

// The only key pair of a [Process].
const (
	Key    = "APIbridgetest"
	Secret = "a secret that is long enough for livekit-server"
)

// Start starts a server of its own for a test, with more in its settings, or skips
// the test where there is none.
func Start(t testing.TB, more string) *Process {
	t.Helper()
	binary := os.Getenv(realServer)
	if binary == "" {
		t.Skip(realServer + " names no LiveKit server")
	}
	s := &Process{port: freePort(t)}
	file := filepath.Join(t.TempDir(), "livekit.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, settings, s.port, Key, Secret, freePort(t), more), 0o600); err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.Command(binary, "--config", file)
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("livekit-server:\n%s", s.out.String())
		}
	})
	s.Run(t)
	return s
}

// Run starts the process, again when it was killed, and waits until it listens.
func (s *Process) Run(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command(s.cmd.Path, s.cmd.Args[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port)); err == nil {
			c.Close()
			return
		}
		time.Sleep(100 * time.Millisecond) // between two looks whether another process listens
	}
	t.Fatal("livekit-server does not listen")
}

// settings keep the server on this machine.
const settings = `
port: %d
bind_addresses: ["127.0.0.1"]
keys: {%q: %q}
rtc:
  tcp_port: %d
  port_range_start: 40000
  port_range_end: 49999
  use_external_ip: false
  node_ip: 127.0.0.1
  enable_loopback_candidate: true
  interfaces: {includes: [lo]}
logging: {level: warn}
%s
`

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// URL is where it is, as http.
func (s *Process) URL() string { return fmt.Sprintf("http://127.0.0.1:%d", s.port) }

// Kill kills the process.
func (s *Process) Kill() {
	if s.cmd.Process != nil && s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

// PID is the process's.
func (s *Process) PID() int { return s.cmd.Process.Pid }

// Token is an access token for a room.
func (s *Process) Token(identity, room string) string {
	return accessToken(identity, map[string]any{"roomJoin": true, "room": room})
}

func accessToken(identity string, video map[string]any) string {
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": Key, "sub": identity, "name": identity,
		"nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(), "video": video,
	}).SignedString([]byte(Secret))
	if err != nil {
		panic(err)
	}
	return token
}

// DeleteRoom sends everybody out of a room.
func (s *Process) DeleteRoom(t testing.TB, room string) {
	t.Helper()
	s.service(t, "DeleteRoom", map[string]any{"roomCreate": true}, map[string]string{"room": room})
}

// Remove sends one out of a room.
func (s *Process) Remove(t testing.TB, room, identity string) {
	t.Helper()
	s.service(t, "RemoveParticipant", map[string]any{"roomAdmin": true, "room": room}, map[string]string{"room": room, "identity": identity})
}

// service calls a method of the server's RoomService.
func (s *Process) service(t testing.TB, method string, grant map[string]any, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+"/twirp/livekit.RoomService/"+method, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+accessToken("admin", grant))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(answer.Body)
		t.Fatalf("%s: %s %s", method, answer.Status, strings.TrimSpace(string(said)))
	}
}
