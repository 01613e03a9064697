package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/room/roomtest"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/sdktest"
)

// LiveKit's own worker for Node registers, is offered a job, takes it and hands
// it to a process of its own, which is ended when the job is. It enters no room:
// that needs a LiveKit server, and is the bridge's to prove.
func TestRealWorker(t *testing.T) {
	dir := sdktest.Agents(t, "testdata/node/agent.mjs", "testdata/node/worker.mjs")
	store := roomtest.NewStore()
	store.Beat("n1", time.Now().Add(time.Hour))
	v, err := grant.New(grant.Config{Pairs: onePair{}, Opener: onePair{}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(Config{
		Store: store, Auth: v.Verify, Node: "n1", Version: "1.0", URL: "ws://127.0.0.1:1/operator",
		Key: "OPERATOR", Secret: "operator's secret",
		RoomName: func(workspace, name string) string { return workspace + "-" + name },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- h.Run(ctx) }()
	srv := httptest.NewServer(h)
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run() = %v", err)
		}
		srv.Close()
	}()

	says := run(t, dir, "ws"+strings.TrimPrefix(srv.URL, "http"))
	id := says.line("REGISTERED ")
	s := &stand{t: t, store: store}
	job := s.job("w1", "real", func(d *room.Dispatch) { d.Metadata = `{"who":"caller"}` })
	h.Poke()

	var got struct{ Job, Room, Metadata, URL, Token string }
	if err := json.Unmarshal([]byte(says.line("ENTRY ")), &got); err != nil {
		t.Fatal(err)
	}
	j := s.is(job.ID, room.Running)
	if j.Worker != id || j.Identity != "agent-real" || j.Name != "Real" {
		t.Errorf("job = %+v", j)
	}
	if got.Job != job.ID || got.Metadata != `{"who":"caller"}` || got.URL != "ws://127.0.0.1:1/operator" || got.Room != "w1-"+string(job.Call) {
		t.Errorf("the agent was sent %+v", got)
	}
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(got.Token, claims, func(*jwt.Token) (any, error) { return []byte("operator's secret"), nil }, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		t.Errorf("the agent's token: %v", err)
	}
	s.cancel(job.ID)
	h.Poke()
	if ended := says.line("SHUTDOWN "); ended != job.ID {
		t.Errorf("the agent ended %s, want %s", ended, job.ID)
	}
	if h.Workers() != 1 {
		t.Error("the worker is gone with its job")
	}
	says.stdin.Close()
	says.line("CLOSED")
}

// onePair is a key ring with one pair, sealed with nothing.
type onePair struct{}

const (
	realKey    = "APIreal00000"
	realSecret = "a secret of thirty-two characters or more"
)

func (onePair) Pair(_ context.Context, key string) (roster.Pair, error) {
	if key != realKey {
		return roster.Pair{}, roster.ErrNotFound
	}
	return roster.Pair{Key: key, Workspace: "w1"}, nil
}
func (onePair) UsedPair(context.Context, string, time.Time) error { return nil }
func (onePair) Open(roster.Secret) (string, error)                { return realSecret, nil }

// saying is a worker's process and what it prints.
type saying struct {
	t     *testing.T
	lines chan string
	stdin io.Closer
	all   []string
}

// run starts the real worker against url. It is gone when the test is over.
func run(t *testing.T, dir, url string) *saying {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "worker.mjs")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LIVEKIT_URL="+url, "LIVEKIT_API_KEY="+realKey, "LIVEKIT_API_SECRET="+realSecret)
	cmd.WaitDelay = 5 * time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &saying{t: t, lines: make(chan string, 1000), stdin: stdin}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(s.lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			select {
			case s.lines <- scan.Text():
			default: // nobody asks any more
			}
		}
	}()
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		<-read
		cmd.Wait()
	})
	return s
}

// line is what follows begin in the next line that begins with it.
func (s *saying) line(begin string) string {
	s.t.Helper()
	for timeout := time.After(time.Minute); ; {
		select {
		case line, open := <-s.lines:
			if !open {
				s.t.Fatalf("the worker ended; it said:\n%s", strings.Join(s.all, "\n"))
			}
			if rest, ok := strings.CutPrefix(line, begin); ok {
				return rest
			}
			s.all = append(s.all, line)
		case <-timeout:
			s.t.Fatalf("no %q within a minute; the worker said:\n%s", begin, strings.Join(s.all, "\n"))
		}
	}
}
