package talk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/booth"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/talk"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// need returns the models, fetched if they are not there.
func need(t *testing.T) *models.Set {
	t.Helper()
	modelstest.Runtime(t) // without cgo nobody hears
	return modelstest.Set(t)
}

// output is where a call's entries are written, one a line. See is told each.
type output struct {
	see func(agentcore.Entry)

	mu      sync.Mutex
	entries []agentcore.Entry
}

func (o *output) Write(b []byte) (int, error) {
	var e agentcore.Entry
	if err := json.Unmarshal(b, &e); err != nil {
		return 0, err
	}
	o.mu.Lock()
	o.entries = append(o.entries, e)
	o.mu.Unlock()
	if o.see != nil {
		o.see(e)
	}
	return len(b), nil
}

// run makes a call with o, and returns its journal and what was told beside it.
func run(t *testing.T, ctx context.Context, o talk.Options, out *output) (status string, err error) {
	t.Helper()
	in := config.Input{Dir: t.TempDir(), Flags: map[string]string{}}
	if cache := os.Getenv("HOOKSWITCH_CACHE_DIR"); cache != "" { // of all the variables the only one that tests heed
		in.Flags["cache-dir"] = cache
	}
	l, err := config.Load(in)
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	o.Config, o.Version = l.Config, "test"
	o.Screen = show.New(out, &told, show.Mode{JSON: true})
	err = talk.Run(ctx, o)
	return told.String(), err
}

// events are those of type E in a journal.
func events[E agentcore.Event](entries []agentcore.Entry) (of []E) {
	for _, e := range entries {
		if ev, ok := e.Event.(E); ok {
			of = append(of, ev)
		}
	}
	return of
}

// endedOnce checks that the call ended once, last of all, for reason.
func endedOnce(t *testing.T, entries []agentcore.Entry, reason telephony.EndReason) {
	t.Helper()
	ends := events[agentcore.Ended](entries)
	if len(ends) != 1 || ends[0].Reason != reason || entries[len(entries)-1].Event != agentcore.Event(ends[0]) {
		t.Errorf("ends: %+v among %d entries, want one, the last, %v", ends, len(entries), reason)
	}
}

func TestScriptedLinesTalkToTheRealAgent(t *testing.T) {
	t.Parallel()
	need(t)
	record := filepath.Join(t.TempDir(), "call.wav")
	var out output
	told, err := run(t, t.Context(), talk.Options{
		Lines:  talk.NewLines(strings.NewReader("I need an appointment, please.\n\n!Tuesday at three thirty, please.\n[1]\nThis is never said.\n")),
		Record: record,
	}, &out)
	if err != nil {
		t.Fatal(err)
	}
	endedOnce(t, out.entries, telephony.AgentHangup)
	if said := events[agentcore.CallerSaid](out.entries); len(said) != 2 || !strings.Contains(said[0].Text, "appointment") {
		t.Errorf("the caller said %+v", said)
	}
	if n := len(events[agentcore.TalkOver](out.entries)); n != 1 {
		t.Errorf("%d talk-overs, want 1", n)
	}
	if keys := events[agentcore.CallerPressed](out.entries); len(keys) != 1 || keys[0].Digit != "1" {
		t.Errorf("pressed %+v, want 1", keys)
	}
	if !strings.Contains(told, "left unsaid: 1") {
		t.Errorf("told %q, want the line that was not said", told)
	}
	audio, err := wav.ReadFile(record)
	if lasted := out.entries[len(out.entries)-1].At; err != nil || audio.Channels != 2 || (audio.Duration()-lasted).Abs() > time.Second {
		t.Errorf("recorded %v of %v: %v", audio.Duration(), lasted, err)
	}
}

func TestEndOfInputHangsUpAfterTheAnswer(t *testing.T) {
	t.Parallel()
	need(t)
	var out output
	if _, err := run(t, t.Context(), talk.Options{Lines: talk.NewLines(strings.NewReader("What are your opening hours?"))}, &out); err != nil {
		t.Fatal(err)
	}
	endedOnce(t, out.entries, telephony.CallerHangup)
	said := events[agentcore.AgentSaid](out.entries)
	if len(said) != 2 || said[1].Cut || said[1].Turn != 1 {
		t.Errorf("the agent said %+v, want a greeting and an answer, both whole", said)
	}
}

func TestSoundFileTalksToTheRealAgent(t *testing.T) {
	t.Parallel()
	set := need(t)
	voice, err := flite.New(t.Context(), flite.Config{Models: set, Voice: "kal16"})
	if err != nil {
		t.Fatal(err)
	}
	defer voice.Close(context.Background())
	frames, err := booth.Voice(voice)(t.Context(), "What are your opening hours?")
	if err != nil {
		t.Fatal(err)
	}
	var samples []int16
	for _, f := range frames {
		for _, s := range f {
			samples = append(samples, s, 0) // left and right
		}
	}
	path := filepath.Join(t.TempDir(), "caller.wav")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := wav.NewWriter(file, wav.Format{Encoding: wav.PCM16, Rate: 8000, Channels: 2})
	if err := errors.Join(err, w.Write(samples), w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	sound, err := talk.ReadSound(path)
	if err != nil {
		t.Fatal(err)
	}
	var out output
	if _, err := run(t, t.Context(), talk.Options{Sound: sound, AtOnce: true}, &out); err != nil {
		t.Fatal(err)
	}
	endedOnce(t, out.entries, telephony.CallerHangup)
	answers := events[agentcore.AgentSaid](out.entries)
	if last := answers[len(answers)-1]; last.Cut || !strings.Contains(last.Text, "open from eight") {
		t.Errorf("the last answer was %+v, want the opening hours, whole", last)
	}
}

func TestCtrlCHangsUpOnce(t *testing.T) {
	t.Parallel()
	need(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, typing := io.Pipe()
	defer typing.Close()
	out := output{see: func(e agentcore.Entry) {
		if _, ok := e.Event.(agentcore.Planned); ok {
			cancel() // while the agent greets, and nothing is typed
		}
	}}
	_, err := run(t, ctx, talk.Options{Lines: talk.NewLines(in), Person: true}, &out)
	if fault.Status(err) != fault.Interrupted {
		t.Errorf("Run() = %v, status %d", err, fault.Status(err))
	}
	endedOnce(t, out.entries, telephony.CallerHangup)
}

func TestMistakeInAScriptEndsTheCall(t *testing.T) {
	t.Parallel()
	need(t)
	var out output
	_, err := run(t, t.Context(), talk.Options{Lines: talk.NewLines(strings.NewReader("\n/hagnup\n"))}, &out)
	var f *fault.Fault
	if !errors.As(err, &f) || strings.Contains(err.Error(), "gateway") || f.Where != "stdin:2" || fault.Status(err) != fault.Wrong {
		t.Errorf("Run() = %v", err)
	}
	if len(out.entries) > 0 {
		endedOnce(t, out.entries, telephony.CallerHangup)
	}
}

func TestPersonIsToldOfMistakesAndGoesOn(t *testing.T) {
	t.Parallel()
	need(t)
	var out output
	told, err := run(t, t.Context(), talk.Options{Person: true, Lines: talk.NewLines(strings.NewReader("/hagnup\n/help\n...\n/hangup\n"))}, &out)
	if err != nil {
		t.Errorf("Run() = %v", err)
	}
	for _, want := range []string{"did you mean /hangup?", "presses keys", "nothing in that line can be spoken"} {
		if !strings.Contains(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	}
}

func TestRecordingThatCannotBeKeptIsToldBeforeTheCall(t *testing.T) {
	var out output
	_, err := run(t, t.Context(), talk.Options{Record: filepath.Join(t.TempDir(), "nowhere", "call.wav")}, &out)
	if fault.Status(err) != fault.Wrong || !strings.Contains(err.Error(), "no such file or directory") || len(out.entries) > 0 {
		t.Errorf("Run() = %v after %d entries", err, len(out.entries))
	}
}
