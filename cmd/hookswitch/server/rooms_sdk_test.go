package server_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/sdktest"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// node makes a program of the text of testdata's file, with what is old replaced
// by what is new, that finds LiveKit's SDK.
func (l *lobby) node(file string, oldnew ...string) *exec.Cmd {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		l.t.Fatal(err)
	}
	return l.program(file, string(text), oldnew...)
}

// program is node for a program that has that text.
func (l *lobby) program(file, text string, oldnew ...string) *exec.Cmd {
	l.t.Helper()
	dir := l.t.TempDir()
	if err := os.Symlink(sdktest.Modules(l.t), filepath.Join(dir, "node_modules")); err != nil {
		l.t.Fatal(err)
	}
	program := filepath.Join(dir, file)
	if err := os.WriteFile(program, []byte(strings.NewReplacer(oldnew...).Replace(text)), 0o600); err != nil {
		l.t.Fatal(err)
	}
	cmd := exec.CommandContext(l.t.Context(), "node", program)
	cmd.Stderr = l.t.Output()
	return cmd
}

// The seed's program for Node, unmodified but for the address and the pair, sends
// an agent into a call whose room has the name that is in it.
func TestTheSeedsOwnProgramSendsAnAgent(t *testing.T) {
	if testing.Short() {
		t.Skip("starts node")
	}
	t.Parallel()
	l := newLobby(t, "Ada", onAndOn("Ada"))
	l.hires("AGENT_NAME", "Hello, this is Ben.", nil)
	e := newEar()
	l.carrier.Register(lobbyCallee, sim.Phone{Make: func() handset.Handset { return e }})
	id := l.must("POST", "/agents/uuid-of-ada/dispatch", `{"phone_number":"`+lobbyCallee+`","room":"my-room"}`).str("call_id")
	e.hears(t, "Ada", time.Time{})

	out, err := l.node("seed003.mjs", "https://my-openvidu-host", l.PublicURL(), "'api-key'", "'"+l.key+"'", "'api-secret'", "'"+l.secret+"'").Output()
	if err != nil || !strings.HasPrefix(string(out), "Dispatch created:") || !strings.Contains(string(out), "AGENT_NAME") || !strings.Contains(string(out), "my-room") {
		t.Fatalf("it says %s (%v)", out, err)
	}
	e.hears(t, "Ben", time.Time{})
	e.hushes(t, "Ada")
	if a := l.must("GET", "/calls/"+id, ""); a.str("item.room") != "my-room" || a.str("item.status") != "in-progress" {
		t.Errorf("the call is %s", a.text)
	}
	e.hangup.Store(true)
	if got := l.over(id); got != telephony.CallerHangup {
		t.Errorf("the call ended for %s", got)
	}
}

// The program for Node in the docs does what stands there.
func TestTheProgramOfTheDocsRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("starts node")
	}
	t.Parallel()
	page, err := os.ReadFile("../../../docs/livekit.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```javascript\n")
	text, _, found := strings.Cut(text, "```")
	id := regexp.MustCompile(`call_[a-z0-9]+`).FindString(text)
	if !found || id == "" {
		t.Fatal("there is none")
	}
	l := newLobby(t, "Ada", onAndOn("Ada"))
	l.hires("Billing", "Hello, this is Billing.", nil)
	e := newEar()
	call, room := l.live("Ada", e)
	out, err := l.program("docs.mjs", text, "https://your-gateway", l.PublicURL(), "'api-key'", "'"+l.key+"'", "'api-secret'", "'"+l.secret+"'", id, room).Output()
	for _, want := range []string{"Dispatch created: AgentDispatch {", "agentName: 'Billing'", room, `{"hookswitch": {"join": "wait"}}`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it says %s (%v), want %s", out, err, want)
		}
	}
	if left := l.list(room).dispatches(); len(left) != 1 || left[0].Agent != "Ada" {
		t.Errorf("then the room has %+v", left)
	}
	call.Hangup()
	if got := l.over(room); got != telephony.CallerHangup {
		t.Errorf("the call ended for %s", got)
	}
}

// stepped is what a step of rooms.mjs has seen.
type stepped struct {
	Before, Left  []sentJSON
	Made, Running sentJSON
	Deleted       any
	Token         string
	ConnectURL    string
}

// sentJSON is a dispatch as the SDK writes it: what it knows of one.
type sentJSON struct {
	ID, AgentName, Room, Metadata string
	State                         struct {
		Jobs []struct {
			State struct{ Status, StartedAt string }
		}
	}
}

// LiveKit's own SDK sends an agent into a live call and takes it back, and lets
// calls of another company in: by an access token that names who is to talk, and
// by an address.
func TestLiveKitsSDKWithALiveGateway(t *testing.T) {
	if testing.Short() {
		t.Skip("starts node")
	}
	t.Parallel()
	l := newLobby(t, "Ada", onAndOn("Ada"))
	l.hires("Ben", onAndOn("Ben"), nil)
	l.hires("Cleo", "Hello, this is Cleo.", nil)
	e := newEar()
	call, room := l.live("Ada", e)

	node := l.node("rooms.mjs")
	node.Env = append(os.Environ(), "LIVEKIT_URL="+l.PublicURL(), "LIVEKIT_API_KEY="+l.key, "LIVEKIT_API_SECRET="+l.secret, "ROOM="+room)
	in, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	next := func() (s stepped) {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("it says no more: %v", lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatalf("it says %s: %v", lines.Text(), err)
		}
		return s
	}
	if s := next(); len(s.Before) != 1 || s.Before[0].AgentName != "Ada" || s.Before[0].State.Jobs[0].State.Status != "JS_RUNNING" {
		t.Errorf("before: %+v", s.Before)
	}
	s := next()
	if s.Made.Room != room || s.Running.ID != s.Made.ID || s.Running.Metadata != `{"order":7}` || s.Running.State.Jobs[0].State.StartedAt == "" {
		t.Errorf("made %+v, which became %+v", s.Made, s.Running)
	}
	e.hears(t, "Ben", time.Time{})
	asked := time.Now()
	if _, err := io.WriteString(in, "on\n"); err != nil {
		t.Fatal(err)
	}
	if s := next(); s.Deleted != "undefined" || len(s.Left) != 1 || s.Left[0].AgentName != "Ada" {
		t.Errorf("deleted: %v, left %+v", s.Deleted, s.Left)
	}
	if last := e.hushes(t, "Ben"); last.Sub(asked) > 3*time.Second || !call.Streaming() {
		t.Errorf("Ben is heard for %v after he was taken back; the call goes on: %t", last.Sub(asked), call.Streaming())
	}
	s = next()
	if err := node.Wait(); err != nil {
		t.Error(err)
	}
	call.Hangup()
	for _, tt := range []struct{ claim, address, room string }{
		{"an access token", "ws" + strings.TrimPrefix(l.PublicURL(), "http") + livekit.StreamPath + s.Token, "lounge"},
		{"ConnectTwilioCall", s.ConnectURL, "parlour"},
	} {
		l.theirs.Store(strange(tt.address))
		e := newEar()
		call := l.rings(strangeNumber, e)
		e.hears(t, "Cleo", time.Time{})
		if all := l.list(tt.room).dispatches(); len(all) != 1 || all[0].Agent != "Cleo" || all[0].Trigger != "ADT_JOIN" || all[0].Jobs[0].Status != "JS_RUNNING" {
			t.Errorf("%s: the room has %+v", tt.claim, all)
		}
		e.hushes(t, "Cleo")
		e.press.Store('9')
		within(t, 20*time.Second, "the end of the other company's call", func() bool { return call.Status().Terminal() })
	}
}
