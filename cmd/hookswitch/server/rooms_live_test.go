package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// took is when an agent took the floor of a call, by its journal; empty: nobody
// did, or the call's own. Zero: it never was so.
func (l *lobby) took(call, agent, by string) (at time.Time) {
	l.t.Helper()
	entries, err := l.Store().Journal(l.t.Context(), telephony.CallID(call), 0)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, e := range entries {
		if f, ok := e.Event.(agentcore.FloorTaken); ok && f.Agent == agent && f.By == by {
			at = e.Wall
		}
	}
	return at
}

// near checks that two clocks tell the same: what is said to have happened, and
// when it was written down.
func near(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if d := got.Sub(want).Abs(); got.IsZero() || want.IsZero() || d > 5*time.Second {
		t.Errorf("%s at %v, want %v", what, got, want)
	}
}

// An agent that is sent to a live call is heard there, and who talked is not any
// more; taken back, it leaves in time, and the call stays for another.
func TestAnAgentIsSentIntoALiveCallAndTakenBack(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", onAndOn("Ada"))
	l.hires("Ben", onAndOn("Ben"), nil)
	l.hires("Cleo", "Hello, this is Cleo.", nil)
	e := newEar()
	call, room := l.live("Ada", e)

	asked := time.Now()
	ben := l.sends(room, "Ben", `{"order":7}`)
	e.hears(t, "Ben", asked)
	benFirst, _ := e.heard("Ben")
	if last := e.hushes(t, "Ada"); last.After(benFirst.Add(100 * time.Millisecond)) {
		t.Errorf("Ada is heard for %v after Ben began", last.Sub(benFirst))
	}
	l.awaits(room, ben, "JS_RUNNING")
	all := l.list(room).dispatches()
	if len(all) != 2 || all[0].Agent != "Ada" || all[0].Trigger != "ADT_ROOM_API" || all[1].Agent != "Ben" || all[1].Trigger != "ADT_DISPATCH_API" || all[1].Room != room {
		t.Fatalf("the room has %+v", all)
	}
	ada, job := all[0].Jobs[0], all[1].Jobs[0]
	if len(all[0].Jobs) != 1 || len(all[1].Jobs) != 1 || ada.Status != "JS_SUCCESS" || job.Status != "JS_RUNNING" || !job.Ended.IsZero() || job.Attempts != 1 {
		t.Errorf("the jobs are %+v", all)
	}
	near(t, "the call's own agent was there", ada.Started, call.Answered())
	near(t, "it left", ada.Ended, l.took(room, "Ben", "own"))
	near(t, "Ben was asked for", all[1].Created, asked)
	near(t, "Ben began", job.Started, l.took(room, "Ben", "own"))

	deleted := time.Now()
	gone := l.delete(room, ben).dispatches()
	last := e.hushes(t, "Ben")
	if off := last.Sub(deleted); off > 3*time.Second {
		t.Errorf("Ben is heard for %v after he was taken back", off)
	}
	if len(gone) != 1 || gone[0].Jobs[0].Status != "JS_CANCELLED" || gone[0].Jobs[0].Reason != "JSR_DISPATCH_DELETED" || gone[0].Deleted.IsZero() {
		t.Errorf("what was taken back is %+v", gone)
	}
	near(t, "Ben was taken back", gone[0].Deleted, deleted)
	within(t, 10*time.Second, "nobody on the floor", func() bool { return !l.took(room, "", "").IsZero() })
	if left := l.list(room).dispatches(); len(left) != 1 || left[0].Agent != "Ada" || !call.Streaming() || call.Status() != telephony.InProgress {
		t.Errorf("then the room has %+v, and the call is %s", left, call.Status())
	}
	if again := l.delete(room, ben); again.status != http.StatusOK || again.dispatches()[0].Jobs[0].Status != "JS_CANCELLED" {
		t.Errorf("taken back again: %d %s", again.status, again.text)
	}

	next := time.Now()
	cleo := l.sends(room, "Cleo", "")
	e.hears(t, "Cleo", next)
	l.awaits(room, cleo, "JS_RUNNING")
	e.press.Store('1') // whoever has the floor answers
	within(t, 10*time.Second, "the caller's key", func() bool { return len(l.model.asked("Cleo")) > 0 })
	call.Hangup()
	if got := l.over(room); got != telephony.CallerHangup {
		t.Errorf("the call ended for %s", got)
	}
	if a := l.list(room); a.status != http.StatusNotFound || a.str("code") != "not_found" || a.str("msg") != "requested room does not exist" {
		t.Errorf("the room of a call that is over: %d %s", a.status, a.text)
	}
	within(t, 10*time.Second, "the end of Cleo's job", func() bool {
		d, err := l.Store().Rooms().Dispatch(t.Context(), cleo)
		return err == nil && len(d.Jobs) == 1 && d.Jobs[0].Status == "JS_SUCCESS" && d.Jobs[0].Reason == "JSR_ROOM_CLOSED"
	})
	if len(l.model.asked("Ben"))+len(l.model.asked("Ada")) != 0 || ends(journal(t, l.Store(), call.SID())) != 1 {
		t.Error("somebody answered who was not there, or the call ended twice")
	}
}

// Who waits for the floor gets it when who has it would end the call.
func TestAnAgentThatWaitsComesWhenTheOtherLeaves(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", "Hello, this is Ada.")
	l.hires("Ben", "Hello, this is Ben.", nil)
	l.hires("Cleo", "Hello, this is Cleo.", nil)
	e := newEar()
	call, room := l.live("Ada", e)

	ben := l.sends(room, "Ben", `{"hookswitch":{"join":"wait"},"else":1}`)
	cleo := l.sends(room, "Cleo", `{"hookswitch":{"join":"wait"}}`)
	e.press.Store('1')
	within(t, 10*time.Second, "the answer of who has the floor", func() bool { return len(l.model.asked("Ada")) > 0 })
	if b, c := l.job(room, ben), l.job(room, cleo); b.Status != "JS_PENDING" || c.Status != "JS_PENDING" || !b.Started.IsZero() {
		t.Errorf("who waits is %+v and %+v", b, c)
	}
	if gone := l.delete(room, cleo).dispatches(); len(gone) != 1 || gone[0].Jobs[0].Status != "JS_CANCELLED" || gone[0].Jobs[0].Reason != "JSR_DISPATCH_DELETED" {
		t.Errorf("who waits no more is %+v", gone)
	}
	if first, _ := e.heard("Ben"); !first.IsZero() {
		t.Error("who waits is heard")
	}
	e.press.Store('9')
	e.hears(t, "Ben", time.Time{})
	l.awaits(room, ben, "JS_RUNNING")
	all := l.list(room).dispatches()
	if len(all) != 2 || all[0].Agent != "Ada" || all[0].Jobs[0].Status != "JS_SUCCESS" || all[0].Jobs[0].Reason != "JSR_UNSPECIFIED" {
		t.Errorf("who left is %+v", all)
	}
	near(t, "Ben began", all[1].Jobs[0].Started, l.took(room, "Ben", "own"))
	e.hushes(t, "Ben") // the greeting was heard out
	e.press.Store('9')
	if got := l.over(room); got != telephony.AgentHangup {
		t.Errorf("the call ended for %s", got)
	}
	if first, _ := e.heard("Cleo"); !first.IsZero() || ends(journal(t, l.Store(), call.SID())) != 1 {
		t.Error("Cleo is heard, or the call ended twice")
	}
}

// Who listens hears both sides, and says nothing.
func TestAnAgentThatListensSaysNothing(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", "Hello, this is Ada.")
	l.hires("Ben", "Hello, this is Ben.", nil)
	e := newEar()
	call, room := l.live("Ada", e)
	ben := l.sends(room, "Ben", `{"hookswitch":{"join":"listen"}}`)
	l.awaits(room, ben, "JS_RUNNING")
	e.hushes(t, "Ada")
	e.shouts()
	time.Sleep(300 * time.Millisecond) // of speech
	e.silent()
	var heard answered
	within(t, 20*time.Second, "captions of both sides", func() bool {
		heard = l.must("GET", "/calls/"+room+"/captions", "")
		return strings.Contains(heard.text, callersWords) && strings.Contains(heard.text, "Ada is still here.")
	})
	first, _ := e.heard("Ben")
	if !first.IsZero() || len(l.model.asked("Ben")) != 0 || l.job(room, ben).Status != "JS_RUNNING" {
		t.Errorf("who listens spoke at %v, and is %+v", first, l.job(room, ben))
	}
	if gone := l.delete(room, ben).dispatches(); len(gone) != 1 || gone[0].Jobs[0].Status != "JS_CANCELLED" {
		t.Errorf("who listens no more is %+v", gone)
	}
	e.press.Store('9')
	if got := l.over(room); got != telephony.AgentHangup {
		t.Errorf("the call ended for %s", got)
	}
	within(t, 5*time.Second, "the stream's end, which comes behind the record's", func() bool { return !call.Streaming() })
	if len(heard.of("items", "side", "caller")) == 0 {
		t.Errorf("the captions are %s", heard.text)
	}
}

// Who can't come is told of at once, if it can be known, and disturbs nobody.
func TestWhoCannotBeSentDisturbsNobody(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", onAndOn("Ada"))
	l.hires("Ben", "Hello, this is Ben.", func(d *roster.Definition) { d.Enabled = false })
	e := newEar()
	call, room := l.live("Ada", e)
	for _, tt := range []struct {
		claim, agent, metadata string
		status                 int
		code                   string
	}{
		{"no such way to join", "Ben", `{"hookswitch":{"join":"shout"}}`, http.StatusBadRequest, "invalid_argument"},
		{"an agent that is not enabled", "Ben", "", http.StatusPreconditionFailed, "failed_precondition"},
		{"a name of 300 characters", strings.Repeat("n", 300), "", http.StatusBadRequest, "invalid_argument"},
		{"half a megabyte and one of metadata", "Ben", strings.Repeat("m", 512<<10+1), http.StatusBadRequest, "invalid_argument"},
		{"a name with a line in it", "a\nb", "", http.StatusBadRequest, "invalid_argument"},
	} {
		if a := l.create(room, tt.agent, tt.metadata); a.status != tt.status || a.str("code") != tt.code || a.str("msg") == "" {
			t.Errorf("%s: %d %.200s, want %d %s", tt.claim, a.status, a.text, tt.status, tt.code)
		}
	}
	for _, name := range []string{"ghost", "a name with spaces", ""} { // a worker may come for it
		id := l.sends(room, name, strings.Repeat("m", 512<<10))
		if j := l.job(room, id); j.Status != "JS_PENDING" || !j.Started.IsZero() {
			t.Errorf("%q is %+v", name, j)
		}
	}
	from := time.Now()
	e.hears(t, "Ada", from)
	if all := l.list(room).dispatches(); len(all) != 4 || all[0].Jobs[0].Status != "JS_RUNNING" || !call.Streaming() {
		t.Errorf("the room has %+v", all)
	}
}
