package bridge_test

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

// realServer names the binary of a LiveKit server; `make livekit` builds one.
const realServer = "HOOKSWITCH_LIVEKIT_SERVER"

// server is where rooms are.
type server interface {
	url() string
	token(identity, room string) string
	deleteRoom(t *testing.T, room string)
	remove(t *testing.T, room, identity string)
	kill()
}

// servers runs f with the fake server, and with the real one where there is one.
func servers(t *testing.T, f func(t *testing.T, s server)) {
	t.Run("fake", func(t *testing.T) { f(t, newFake(t)) })
	t.Run("real", func(t *testing.T) { f(t, startReal(t, "")) })
}

// process is a livekit-server on loopback.
type process struct {
	cmd  *exec.Cmd
	port int
	out  bytes.Buffer
}

const (
	apiKey    = "APIbridgetest"
	apiSecret = "a secret that is long enough for livekit-server"
)

// startReal starts a server of its own for a test, with more in its settings.
func startReal(t *testing.T, more string) *process {
	t.Helper()
	binary := os.Getenv(realServer)
	if binary == "" {
		t.Skip(realServer + " names no LiveKit server")
	}
	s := &process{port: freePort(t)}
	file := filepath.Join(t.TempDir(), "livekit.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, settings, s.port, apiKey, apiSecret, freePort(t), more), 0o600); err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.Command(binary, "--config", file)
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("livekit-server:\n%s", s.out.String())
		}
	})
	s.run(t)
	return s
}

// run starts the process, and waits until it listens.
func (s *process) run(t *testing.T) {
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

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *process) url() string { return fmt.Sprintf("http://127.0.0.1:%d", s.port) }

func (s *process) kill() {
	if s.cmd.Process != nil && s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

func (s *process) token(identity, room string) string {
	return accessToken(identity, map[string]any{"roomJoin": true, "room": room})
}

func accessToken(identity string, video map[string]any) string {
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": apiKey, "sub": identity, "name": identity,
		"nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(), "video": video,
	}).SignedString([]byte(apiSecret))
	if err != nil {
		panic(err)
	}
	return token
}

func (s *process) deleteRoom(t *testing.T, room string) {
	t.Helper()
	s.service(t, "DeleteRoom", map[string]any{"roomCreate": true}, map[string]string{"room": room})
}

func (s *process) remove(t *testing.T, room, identity string) {
	t.Helper()
	s.service(t, "RemoveParticipant", map[string]any{"roomAdmin": true, "room": room}, map[string]string{"room": room, "identity": identity})
}

// service calls a method of the server's RoomService.
func (s *process) service(t *testing.T, method string, grant map[string]any, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url()+"/twirp/livekit.RoomService/"+method, bytes.NewReader(text))
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
