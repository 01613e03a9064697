package server_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	classes "github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// speaking is a persona that is built in, with a voice of flite's.
func speaking(t *testing.T, name string, voice tts.Synthesizer) *farEnd {
	t.Helper()
	p, err := persona.Builtin(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Prepare(t.Context(), persona.Sound{Voice: func(ctx context.Context, text string) (all []media.Frame, err error) {
		err = voice.Speak(ctx, text, tts.Frames(func(f *media.Frame) error { all = append(all, *f); return nil }))
		return all, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	return player(s)
}

// slow is how late a message may be that waits for a recogniser, on a machine that
// is busy with tests.
const slow = 10 * time.Second

// Real voices and real ears: a voicemail is left the message, a screener is told
// who calls and then nothing until its owner comes, and a person is talked to.
func TestWhoAnsweredIsFoundOutWithRealVoicesAndEars(t *testing.T) {
	t.Parallel()
	if !models.CanRun {
		t.Skip("built without cgo: no model can run")
	}
	voice, err := flite.New(t.Context(), flite.Config{Models: modelstest.Set(t), Voice: "slt"})
	if err != nil {
		t.Fatal(err)
	}
	defer voice.Close(context.Background())
	s := newShop(t, func(o *server.Options) { o.Load = nil })
	rings := func(name string) *rung {
		agent := s.hires("Agent for "+name, fmt.Sprintf(`{"voicemail_message":%q,"screener_message":%q}`, leavesBehind, tellsScreen))
		return s.rings(name, agent, speaking(t, name, voice))
	}
	all := []*rung{rings("voicemail"), rings("screener-ios"), rings("business")}
	play(func() {
		r := all[0]
		r.ends(time.Minute, telephony.Voicemail)
		gap, ok := r.who.line(t, 1).Gap()
		t.Logf("the message began %v after the beep's end", gap)
		if !ok || gap < leavesFrom-20*time.Millisecond || gap > slow {
			r.errorf("the message began %v after the beep's end (%v), want %v to %v", gap, ok, leavesFrom, slow)
		}
		if a := r.answer(); a.Class != classes.Beeped || a.Left != left || !a.Whole || !a.because("tone") {
			r.errorf("the API shows %+v", a)
		}
	}, func() {
		r := all[1]
		r.ends(90*time.Second, telephony.CallerHangup)
		asked, stay, person := r.who.line(t, 0), r.who.line(t, 1), r.who.line(t, 2)
		if !asked.Replied || asked.Reply > stay.Begin {
			r.errorf("it asked until %v and was told at %v, %v", asked.End, asked.Reply, asked.Replied)
		}
		r.hushed(stay.Begin, person.Begin)
		if v := r.verdicts(); !slices.Contains(v, classes.Screener) || v[len(v)-1].Machine() {
			r.errorf("verdicts %v, want a screener, and then a person", v)
		}
	}, func() {
		r := all[2]
		r.ends(90*time.Second, telephony.CallerHangup)
		if v := r.verdicts(); slices.ContainsFunc(v, classes.Class.Machine) || r.answer().Left != "" {
			r.errorf("verdicts %v, %+v", v, r.answer())
		}
	})
	s.peace()
}
