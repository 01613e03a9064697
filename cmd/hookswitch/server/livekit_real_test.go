package server_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/bridgetest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/sdktest"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// withReal starts a gateway with the real LiveKit server, or skips the test where
// nobody has built one.
func withReal(t *testing.T) *studio {
	t.Helper()
	server := bridgetest.Start(t, "")
	o := studioOptions(t, strings.Replace(server.URL(), "http", "ws", 1))
	o.Config.LiveKit.Key, o.Config.LiveKit.Secret = bridgetest.Key, bridgetest.Secret
	return newStudio(t, o)
}

// An agent that is made with LiveKit's own framework, and knows nothing of us, is
// a phone call's agent: it registers here, enters a room of a real LiveKit server,
// talks to the caller, hears them, and hangs up.
func TestLiveKitsOwnAgentAnswersThePhone(t *testing.T) {
	s := withReal(t)
	dir := sdktest.Agents(t, "testdata/livekit/phone-agent.mjs", "testdata/livekit/phone-worker.mjs")
	agent := s.runs(dir)
	agent.line("REGISTERED ")

	p := s.rings()
	d := s.send(p, "phone", `{"who":"Ada"}`)
	var who struct {
		Identity, Metadata string
		Kind               int
		Attributes         map[string]string
	}
	if err := json.Unmarshal([]byte(agent.line("CALLER ")), &who); err != nil {
		t.Fatal(err)
	}
	if who.Metadata != `{"who":"Ada"}` || !strings.HasPrefix(who.Identity, "phone-") || who.Attributes["hookswitch.call_id"] != p.room {
		t.Errorf("the agent was told of %+v", who)
	}
	if sip := 3; who.Kind != sip {
		t.Errorf("the caller is a participant of kind %d, want %d: a phone", who.Kind, sip)
	}
	p.listens(robotHertz)
	loud := p.loudness(t, robotHertz)
	t.Logf("the agent's tone has an amplitude of %.0f on the phone, of %d; it hears the caller's with %s", loud, handset.ToneLevel, agent.line("HEARS "))
	if loud < 0.8*handset.ToneLevel || loud > 1.2*handset.ToneLevel {
		t.Errorf("the agent's tone has an amplitude of %.0f on the phone, want %d", loud, handset.ToneLevel)
	}
	p.silent()
	if got := s.end(); got != telephony.AgentHangup {
		t.Errorf("the call ended for %s, want %s", got, telephony.AgentHangup)
	}
	if ended, want := agent.line("SHUTDOWN "), s.kept(d.GetId()).ID; ended != want {
		t.Errorf("the agent ended %s, want %s", ended, want)
	}

	again := s.rings() // the same worker, another call
	d = s.send(again, "phone", "")
	again.listens(robotHertz)
	if _, err := s.livekit.DeleteDispatch(s.admin(again.room), &pb.DeleteAgentDispatchRequest{Room: again.room, DispatchId: d.GetId()}); err != nil {
		t.Fatal(err)
	}
	deleted := time.Now()
	again.hushed(robotHertz)
	if took := time.Since(deleted); took > 3*time.Second {
		t.Errorf("the agent was heard for %v after its dispatch was deleted", took)
	}
	if ended, want := agent.line("SHUTDOWN "), s.kept(d.GetId()).ID; ended != want {
		t.Errorf("the agent ended %s, want %s", ended, want)
	}
	if !again.stays() {
		t.Error("the call did not stay")
	}
	again.hangsUp()
}

// node is LiveKit's worker's process, and what it prints.
type node struct {
	t     *testing.T
	lines chan string
	all   []string
}

// runs starts the worker in dir, with s for its LiveKit server. It is gone when
// the test is over.
func (s *studio) runs(dir string) *node {
	s.t.Helper()
	cmd := exec.Command("node", "phone-worker.mjs")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LIVEKIT_URL=ws"+strings.TrimPrefix(s.PublicURL(), "http"), "LIVEKIT_API_KEY="+s.key, "LIVEKIT_API_SECRET="+s.secret)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = in, in, 10*time.Second
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	n := &node{t: s.t, lines: make(chan string, 1000)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(n.lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			select {
			case n.lines <- scan.Text():
			default: // nobody asks any more
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	s.t.Cleanup(func() {
		stdin.Close()
		late := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		_ = cmd.Wait() // killed or not, it is gone
		in.Close()
		<-read
		if s.t.Failed() {
			s.t.Logf("the worker said:\n%s", strings.Join(n.all, "\n"))
		}
	})
	return n
}

// line is what follows begin in the next line that begins with it.
func (n *node) line(begin string) string {
	n.t.Helper()
	for timeout := time.After(time.Minute); ; {
		select {
		case line, open := <-n.lines:
			if !open {
				n.t.Fatalf("the worker ended before %q", begin)
			}
			n.all = append(n.all, line)
			if rest, ok := strings.CutPrefix(line, begin); ok {
				return rest
			}
		case <-timeout:
			n.t.Fatalf("no %q within a minute", begin)
		}
	}
}
