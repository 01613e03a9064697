package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
)

// visit is a call to an agent of its own, in which nobody does anything yet.
func (o *office) visit(n int) *scene { o.t.Helper(); return o.scene(n, "blind", nil, "") }

// room is the name of the call's room.
func (s *scene) room() string { return string(s.record().ID) }

// present are the agents that the room's dispatches name, but the call's own.
func (s *scene) present() (all []string) {
	s.o.t.Helper()
	r, err := s.o.Store().Rooms().OfCall(context.Background(), s.record().ID)
	if errors.Is(err, room.ErrNotFound) {
		return nil
	}
	list, err2 := s.o.Store().Rooms().Dispatches(context.Background(), r.ID)
	if err = errors.Join(err, err2); err != nil {
		s.o.t.Fatal(err)
	}
	for _, d := range list {
		if d.RequestKey != room.OwnKey {
			all = append(all, d.Agent)
		}
	}
	return all
}

// becomes waits until the newest job of a dispatch is so.
func (s *scene) becomes(l sendsAgents, dispatch string, want room.Status) (reason, why string) {
	s.o.t.Helper()
	s.within(20*time.Second, dispatch+" is "+string(want), func() bool {
		var got string
		got, reason, why = l.job(s.room(), dispatch)
		return got == string(want)
	})
	return reason, why
}

// spoken has the caller say their words once more, and the agent answer.
func (s *scene) spoken() {
	s.o.t.Helper()
	before := len(s.answers())
	s.caller.words(callerHertz)
	s.within(20*time.Second, "an answer", func() bool { return len(s.answers()) > before })
}

// answers are the agent's, as the journal tells them.
func (s *scene) answers() (all []string) {
	s.o.t.Helper()
	for _, text := range spoke(journal(s.o.t, s.o.Store(), s.call.SID())) {
		if text == saysHere {
			all = append(all, text)
		}
	}
	return all
}

// A file says who comes to which calls by itself, who only when they are sent,
// and who is not there at all.
func TestAgentsOfFilesComeWhenTheirFileSaysSo(t *testing.T) {
	t.Parallel()
	o := newReadOffice(t, agentsFolder(t,
		"agent-auto.yaml", liveCaptions,
		"agent-manual.yaml", "load_threshold: 1\nlive_captions: {processing: manual}\n",
		"agent-off.yaml", "enabled: false\nlive_captions: {processing: automatic}\n",
		"agent-others.yaml", "workspace: acme\nload_threshold: 1\nlive_captions: {processing: automatic}\n",
		"agent-full.yaml", "load_threshold: 0\nlive_captions:\n",
	), nil)
	l := o.sendsAgents()
	play(
		func() { // by itself, and when it is sent
			s := o.visit(71)
			s.spoken()
			s.reads("caller", saidCaller, 0)
			if got := s.present(); !slices.Equal(got, []string{"auto"}) {
				s.errorf("%q came by themselves, want auto", got)
			}
			sent := l.send(s.room(), "manual", "")
			s.becomes(l, sent, room.Running)
			s.spoken()
			var by []string
			s.within(20*time.Second, "two listeners write", func() bool {
				by = nil
				for _, c := range s.written() {
					if c.Side == "caller" {
						by = append(by, c.Agent)
					}
				}
				return len(by) == 3
			})
			slices.Sort(by)
			if !slices.Equal(by, []string{"auto", "auto", "manual"}) {
				s.errorf("the caller's two sentences were written down by %q", by)
			}
			s.call.Hangup()
			s.ended(telephony.CallerHangup)
		},
		func() { // one that is not enabled, or another workspace's, can't be reached
			s := o.visit(72)
			if a := l.ask("CreateDispatch", s.room(), map[string]any{"agent_name": "off"}); a.status != http.StatusPreconditionFailed || !strings.Contains(a.text, "not enabled") {
				s.errorf("an agent that is not enabled is sent: %d %s", a.status, a.text)
			}
			others := l.send(s.room(), "others", `{"hookswitch":{"join":"listen"}}`)
			s.spoken()
			s.reads("caller", saidCaller, 0)
			if status, _, _ := l.job(s.room(), others); status != string(room.Pending) {
				s.errorf("a job of somebody who is not there is %s", status)
			}
			for _, c := range s.written() {
				if c.Agent != "auto" {
					s.errorf("somebody listens who may not: %+v", c)
				}
			}
			s.call.Hangup()
			s.ended(telephony.CallerHangup)
		},
		func() { // one that has too much to do says so, and the call goes on
			s := o.visit(73)
			sent := l.send(s.room(), "full", "")
			reason, why := s.becomes(l, sent, room.Failed)
			if reason != room.ReasonNoCapacity && reason != room.ReasonRetrying || !strings.Contains(why, "takes no more jobs") {
				s.errorf("it failed for %s: %s", reason, why)
			}
			s.spoken()
			s.call.Hangup()
			s.ended(telephony.CallerHangup)
		},
	)
	o.quiet()
}

// An agent of the API that is sent to listen writes down what is said, as the
// shipped one does. When it is taken back it is off the call within three seconds.
func TestAnAgentOfTheAPIListensUntilItIsTakenBack(t *testing.T) {
	t.Parallel()
	o := newReadOffice(t, "", nil)
	l := o.sendsAgents()
	clerk := o.linked(receptionist("Clerk"), "+14155550181")
	s := o.visit(81)
	sent := l.send(s.room(), clerk.Name, `{"hookswitch":{"join":"listen"}}`)
	s.becomes(l, sent, room.Running)
	s.caller.words(callerHertz)
	if c := s.reads("caller", saidCaller, 0); c.Agent != "Clerk" {
		t.Errorf("it was written down by %s", c.Agent)
	}
	if c := s.reads("agent", saysHere, 0); c.Speaker != s.name {
		t.Errorf("the agent who spoke is %s", c.Speaker)
	}
	if a := l.ask("DeleteDispatch", s.room(), map[string]any{"dispatch_id": sent}); a.status != 200 {
		t.Fatalf("DeleteDispatch: %d %s", a.status, a.text)
	}
	s.within(3*time.Second, "nobody listens", func() bool {
		r, err := o.Store().Rooms().Dispatch(t.Context(), sent)
		return err == nil && r.Jobs[0].Status == room.Cancelled && r.Jobs[0].Reason == room.ReasonDeleted
	})
	s.spoken() // the listener, if it were there, would have heard it by the time the agent answers
	before := len(s.written())
	s.spoken()
	if all := s.written(); len(all) != before {
		t.Errorf("somebody still writes: %+v", all[before:])
	}
	s.call.Hangup()
	s.ended(telephony.CallerHangup)
}

// What is changed in the files counts for calls that come later; a mistake leaves
// all as it was.
func TestAgentsFilesAreHeededWhileTheGatewayRuns(t *testing.T) {
	t.Parallel()
	dir, log := agentsFolder(t), &paper{}
	o := newReadOffice(t, dir, func(o *server.Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) })
	file := filepath.Join(dir, "agent-live.yaml")
	logged := func(text string) {
		t.Helper()
		within(t, 20*time.Second, text, func() bool { return strings.Contains(log.String(), text) })
	}
	comes := func(n int, want ...string) {
		t.Helper()
		s := o.visit(n)
		s.spoken()
		if got := s.present(); !slices.Equal(got, want) {
			s.errorf("%q came, want %q", got, want)
		}
		for _, name := range want {
			if c := s.reads("caller", saidCaller, 0); c.Agent != name {
				s.errorf("written down by %s, want %s", c.Agent, name)
			}
		}
		s.call.Hangup()
		s.ended(telephony.CallerHangup)
	}
	comes(91)
	writeFile(t, file, liveCaptions)
	logged("come_to_every_call=[live]")
	comes(92, "live")
	writeFile(t, file, "load_threshold: much\nlive_captions: {processing: automatic}\n")
	logged("agent-live.yaml:1:17: load_threshold must be")
	comes(93, "live")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	within(t, 20*time.Second, "it is gone", func() bool { return strings.Count(log.String(), "come_to_every_call=[]") == 1 })
	comes(94)
}

// Mistakes are told at the start, each at its line; nothing is served.
func TestMistakesInAgentsFilesAreToldAtTheStart(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Config.AgentsDir = agentsFolder(t,
		"agent-a.yaml", "enabled: perhaps\nload_threshold: 7\n", "agent-b.yaml", "live_captions:\n  provider: whisperer\n", "agent-fine.yaml", liveCaptions, "notes.yaml", "]")
	_, err := server.Build(t.Context(), o)
	var list *fault.List
	if !errors.As(err, &list) || fault.Status(err) != fault.Wrong {
		t.Fatalf("Build() = %v, status %d", err, fault.Status(err))
	}
	var at []string
	for _, f := range list.Faults {
		if rel, ok := strings.CutPrefix(f.Where, o.Config.AgentsDir+"/"); !ok || f.Code != "start/agents" || f.Mend == "" || f.What == "" {
			t.Errorf("told as [%s] %q at %q, mend %q", f.Code, f.What, rel, f.Mend)
		} else {
			at = append(at, rel)
		}
	}
	if want := []string{"agent-a.yaml:1:10", "agent-a.yaml:2:17", "agent-b.yaml:2:13"}; !slices.Equal(at, want) {
		t.Errorf("mistakes at %q, want %q", at, want)
	}
}
