package agentcore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// counter is a recorder that counts frames with sound.
type counter struct{ frames, caller, agent int }

func (r *counter) Record(caller, agent *media.Frame) {
	r.frames++
	if *caller != (media.Frame{}) {
		r.caller++
	}
	if *agent != (media.Frame{}) {
		r.agent++
	}
}

func patch(t *testing.T, cfg agentcore.PatchConfig, leg telephony.Leg) (agentcore.Summary, error) {
	t.Helper()
	cfg.Call = telephony.Call{ID: "c1", Epoch: 1, Direction: telephony.Inbound}
	p, err := agentcore.NewPatch(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p.Run(t.Context(), leg)
}

// What both sides of a bridged call say is recorded as it was heard.
func TestABridgedCallIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far, recorder, pages := newFarEnd(), &counter{}, &agenttest.Pages{}
		far.leaves = &departure{after: 5005 * time.Millisecond}
		far.begin()
		l := line.New(line.Config{Handset: coded(time.Second, 3*time.Second)})
		sum, err := patch(t, agentcore.PatchConfig{Journal: pages, Floor: "AJ_1", Agent: "Cy", Line: far, Recorder: recorder}, l)
		if err != nil || sum.End != telephony.AgentHangup {
			t.Errorf("Run = %+v, %v", sum, err)
		}
		checkJournal(t, pages.Entries(), sum)
		if recorder.caller != 80 || recorder.agent != 80 || recorder.frames != 250 {
			t.Errorf("recorded %d frames, %d of the caller's sound and %d of the agent's; want 250, 80 and 80", recorder.frames, recorder.caller, recorder.agent)
		}
	})
}

// talker is a far end that never stops talking.
type talker struct{ *farEnd }

func (talker) Receive(f *media.Frame) bool {
	*f = media.Frame{tone}
	return true
}

// The caller's frames are the clock: when the line has stalled they come all at
// once, and the agent is not heard late for the rest of the call.
func TestAStallDelaysNobodyForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line.New(line.Config{})
		time.AfterFunc(time.Second, func() { l.Stall(3 * time.Second) })
		waits := make(chan time.Duration, 1)
		time.AfterFunc(6*time.Second, func() { waits <- l.Buffered() })
		_, err := patch(t, agentcore.PatchConfig{Journal: &agenttest.Pages{}, Floor: "AJ_1", Line: talker{newFarEnd()}, MaxDuration: 8 * time.Second}, l)
		if err != nil {
			t.Fatal(err)
		}
		if late := <-waits; late > 300*time.Millisecond {
			t.Errorf("two seconds after a stall %v of the agent's voice wait to be heard", late)
		}
	})
}

// What is left to be said when the far end hangs up is heard, within bounds.
func TestTheFarEndIsHeardToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newFarEnd()
		far.leaves = &departure{after: 2005 * time.Millisecond}
		far.begin()
		began := time.Now()
		sum, err := patch(t, agentcore.PatchConfig{Journal: &agenttest.Pages{}, Floor: "AJ_1", Line: talker{far}}, line.New(line.Config{}))
		if err != nil || sum.End != telephony.AgentHangup {
			t.Errorf("Run = %+v, %v", sum, err)
		}
		if took := time.Since(began); took < 2005*time.Millisecond || took > 5*time.Second {
			t.Errorf("over after %v", took)
		}
	})
}

// How a patch ends, and who is asked before.
func TestHowAPatchEnds(t *testing.T) {
	lost, waits := errors.New("the room is gone"), func() bool { return true }
	for _, tt := range []struct {
		name  string
		gone  *departure
		yield func() bool
		end   telephony.EndReason // empty: the floor is left
	}{
		{"they hang up", &departure{time.Second, nil}, nil, telephony.AgentHangup},
		{"they hang up while another waits", &departure{time.Second, nil}, waits, ""},
		{"they are lost", &departure{time.Second, lost}, nil, ""},
		{"they are lost while another waits", &departure{time.Second, lost}, waits, ""},
		{"their time is up", nil, nil, telephony.MaxDuration},
		{"their time is up while another waits", nil, waits, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				far, pages := newFarEnd(), &agenttest.Pages{}
				far.leaves = tt.gone
				far.begin()
				sum, err := patch(t, agentcore.PatchConfig{
					Journal: pages, Floor: "AJ_1", Line: far, Yield: tt.yield, MaxDuration: 2 * time.Second,
				}, line.New(line.Config{}))
				if sum.End != tt.end || sum.Yield != (tt.end == "") {
					t.Errorf("Run = %+v, %v", sum, err)
				}
				if broke := tt.gone != nil && tt.gone.err != nil; broke != errors.Is(err, lost) || !broke && err != nil {
					t.Errorf("Run's error is %v", err)
				}
				checkJournal(t, pages.Entries(), sum)
				last := pages.Entries()[sum.Last-1].Event
				if _, ended := last.(agentcore.Ended); ended != (tt.end != "") {
					t.Errorf("the journal's last entry is %+v", last)
				}
			})
		})
	}
}

// The leg is lost, or the call ended by others, as in a conversation.
func TestAPatchEndsNothingThatOthersEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		cause error
		end   telephony.EndReason
	}{
		"the caller hangs up":    {telephony.OverError{Reason: telephony.CallerHangup}, telephony.CallerHangup},
		"another takes it":       {agentcore.ErrReplaced, ""},
		"the process is drained": {errors.New("draining"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, err := agentcore.NewPatch(agentcore.PatchConfig{Journal: &agenttest.Pages{}, Floor: "AJ_1", Line: talker{newFarEnd()}})
				if err != nil {
					t.Fatal(err)
				}
				q, l := &queue{}, line.New(line.Config{})
				time.AfterFunc(500*time.Millisecond, func() { l.Stall(300 * time.Millisecond) }) // then some of the voice is on the way
				time.AfterFunc(time.Second, func() { q.replace(tt.cause) })
				sum, err := q.run(t.Context(), func(ctx context.Context) (agentcore.Summary, error) { return p.Run(ctx, &seat{Leg: l}) })
				if sum.End != tt.end || sum.Yield || tt.end == "" && !errors.Is(err, tt.cause) || tt.end != "" && err != nil {
					t.Errorf("Run = %+v, %v", sum, err)
				}
				if left := l.Buffered(); errors.Is(tt.cause, agentcore.ErrReplaced) && left != 0 {
					t.Errorf("%v of the agent's voice is on the way to a leg that another has", left)
				}
			})
		})
	}
}

// A recording holds no key of a secret that the caller goes on pressing when an
// agent somewhere else has the floor, and that one does not hear it.
func TestKeysOfASecretStaySecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pages, far, recorder := &agenttest.Pages{}, newFarEnd(), &counter{}
		past := journalOf(
			agentcore.Opened{Epoch: 1, Agent: "Ann"},
			agentcore.CollectBegan{Slot: "pin", Min: 4, Max: 6, Terminator: "#", FirstMS: 5000, BetweenMS: 2000, Sensitive: true},
			agentcore.CallerPressed{Turn: 1, Digit: "*", Slot: "pin"},
		)
		for i := range past {
			past[i].Wall = time.Now()
		}
		if err := pages.Append(t.Context(), past...); err != nil {
			t.Fatal(err)
		}
		loud := keying(500*time.Millisecond, "642#9")
		_, err := patch(t, agentcore.PatchConfig{
			Journal: pages, Past: past, Floor: "AJ_1", Line: far, Recorder: recorder, MaxDuration: 8 * time.Second,
		}, line.New(line.Config{Handset: loud}))
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, e := range pages.Entries()[len(past):] {
			if ev, ok := e.Event.(agentcore.CallerPressed); ok {
				keys = append(keys, ev.Slot+ev.Digit)
			}
		}
		if want := []string{"pin*", "pin*", "pin*", "pin*", "9"}; !slices.Equal(keys, want) {
			t.Errorf("the journal has %q, want %q", keys, want)
		}
		if recorder.caller != 0 || far.sent != 0 {
			t.Errorf("%d frames of the keys' sound are recorded, %d are sent on", recorder.caller, far.sent)
		}
		s, err := agentcore.Resume(pages.Entries())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range s.Messages("") {
			if strings.Contains(m.Text, "6") || strings.Contains(m.Text, "*") {
				t.Errorf("a model is shown %q", m.Text)
			}
		}
	})
}

// Nor when the floor changes hands once more before they are done: an agent is
// deleted, and the next one sent.
func TestKeysOfASecretStaySecretThroughTwoChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pages, recorder := &agenttest.Pages{}, &counter{}
		past := journalOf(
			agentcore.Opened{Epoch: 1, Agent: "Ann"},
			agentcore.CollectBegan{Slot: "pin", Min: 4, Max: 6, FirstMS: 5000, BetweenMS: 2000, Sensitive: true},
			agentcore.CallerPressed{Turn: 1, Digit: "*", Slot: "pin"},
			agentcore.FloorTaken{},
			agentcore.CallerPressed{Turn: 1, Digit: "*", Slot: "pin"},
		)
		for i := range past {
			past[i].Wall = time.Now()
		}
		if err := pages.Append(t.Context(), past...); err != nil {
			t.Fatal(err)
		}
		_, err := patch(t, agentcore.PatchConfig{
			Journal: pages, Past: past, Floor: "AJ_1", Line: newFarEnd(), Recorder: recorder, MaxDuration: 12 * time.Second,
		}, line.New(line.Config{Handset: keying(500*time.Millisecond, "6429")}))
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, e := range pages.Entries()[len(past):] {
			if ev, ok := e.Event.(agentcore.CallerPressed); ok {
				keys = append(keys, ev.Slot+ev.Digit)
			}
		}
		if want := []string{"pin*", "pin*", "pin*", "pin*"}; !slices.Equal(keys, want) {
			t.Errorf("the journal has %q, want %q", keys, want)
		}
		if recorder.caller != 0 {
			t.Errorf("%d frames of the keys' sound are recorded", recorder.caller)
		}
	})
}

// What another was told to wait for long ago is forgotten.
func TestKeysOfASecretAreNotAwaitedForEver(t *testing.T) {
	past := journalOf(
		agentcore.Opened{Epoch: 1, Agent: "Ann"},
		agentcore.CollectBegan{Slot: "pin", Max: 6, FirstMS: 5000, BetweenMS: 2000, Sensitive: true},
		agentcore.FloorTaken{},
	)
	synctest.Test(t, func(t *testing.T) {
		pages := &agenttest.Pages{}
		for i := range past {
			past[i].Wall = time.Now()
		}
		if err := pages.Append(t.Context(), past...); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		if _, err := patch(t, agentcore.PatchConfig{
			Journal: pages, Past: past, Floor: "AJ_1", Line: newFarEnd(), MaxDuration: 8 * time.Second,
		}, line.New(line.Config{Handset: keying(500*time.Millisecond, "6")})); err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, e := range pages.Entries()[len(past):] {
			if ev, ok := e.Event.(agentcore.CallerPressed); ok {
				keys = append(keys, ev.Slot+ev.Digit)
			}
		}
		if want := []string{"6"}; !slices.Equal(keys, want) {
			t.Errorf("the journal has %q, want %q", keys, want)
		}
	})
}

func TestAPatchNeedsAJobForItsLine(t *testing.T) {
	_, err := agentcore.NewPatch(agentcore.PatchConfig{Line: newFarEnd()})
	if err == nil || !strings.Contains(err.Error(), "Journal") || !strings.Contains(err.Error(), "Floor") {
		t.Errorf("NewPatch = %v", err)
	}
}
