package server_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers/vendortest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
)

// spareWords are what the embedded recogniser hears in everything.
const spareWords = "the spare one has heard it"

// spared adds to an agent those who are built in, behind its vendors.
func spared(d *roster.Definition) {
	d.ASR.Fallbacks = []roster.Choice{{Provider: "moonshine", Model: "tiny-en"}}
	d.LLM.Fallbacks = []roster.Choice{{Provider: "script", Model: "demo"}}
	d.FallbackVoices = []string{"flite-rms"}
}

// fails boots a gateway for an agent of these vendors, with a key for each.
func (v vendors) fails(t *testing.T, change func(*roster.Definition)) *booted {
	t.Helper()
	o := v.options(t)
	o.Load = func(ctx context.Context) (*server.Speech, error) {
		s, err := speaks(ctx)
		s.Recognizer, s.Hears = single(spareWords), "the spare one"
		return s, err
	}
	b := boot(t, o)
	b.unlock(keys)
	b.linked(supported(change), flowNumber)
	return b
}

// What a vendor breaks in a call is mended by who takes over: the caller is
// understood, answered and says goodbye, and the record says who did what.
func TestAVendorThatFailsIsReplaced(t *testing.T) {
	t.Parallel()
	var calls sync.WaitGroup // all at once: they mostly wait
	defer calls.Wait()
	for claim, tt := range map[string]struct {
		part  string
		mood  vendortest.Mood
		late  bool   // it begins after the greeting
		class string // what the record says went wrong
		says  string // the answer begins so; empty: the vendor's model answers
	}{
		"a recogniser that refuses the key": {"recogniser", vendortest.Refuses, false, "401", ""},
		"a recogniser that never answers":   {"recogniser", vendortest.Mute, false, "no answer", ""},
		"a recogniser that breaks off":      {"recogniser", vendortest.BreaksOff, true, "it says that it failed", ""},
		"a recogniser that falls silent":    {"recogniser", vendortest.Mute, true, "within", ""},
		"a model that refuses the key":      {"model", vendortest.Refuses, false, "401", "Sorry, I did not catch that."},
		"a model that is down":              {"model", vendortest.Broken, false, "503", "Sorry, I did not catch that."},
		"a model that never answers":        {"model", vendortest.Mute, false, "no answer", "One moment, please. Sorry,"},
		"a model that breaks off":           {"model", vendortest.BreaksOff, false, "broke off", "You have said "},
		"a voice that refuses the key":      {"voice", vendortest.Refuses, false, "401", ""},
		"a voice that is down":              {"voice", vendortest.Broken, false, "503", ""},
		"a voice that never answers":        {"voice", vendortest.Mute, false, "no answer", ""},
		"a voice that breaks off":           {"voice", vendortest.BreaksOff, true, "500", ""},
	} {
		calls.Go(func() {
			v := startVendors(t)
			b := v.fails(t, spared)
			vendor := map[string]*vendortest.Vendor{"recogniser": &v.ears.Vendor, "model": &v.mind.Vendor, "voice": &v.voice.Vendor}[tt.part]
			if !tt.late {
				vendor.Turn(tt.mood)
			}
			call := b.rings(flowNumber)
			call.wrote("the greeting", heard("Support."))
			vendor.Turn(tt.mood)
			call.says(asrtest.First)
			words := asrtest.First.Text
			if tt.part == "recogniser" {
				words = spareWords
			}
			call.wrote("the caller's words", said(words))
			call.wrote("an answer", func(e agentcore.Event) bool {
				a, ok := e.(agentcore.AgentSaid)
				return ok && a.Why == "answer"
			})
			call.leaves()
			if got := b.end(); got != telephony.CallerHangup {
				t.Errorf("%s: the call ended for %s", claim, got)
			}
			if tt.says == "" {
				tt.says = answer(words)
			}
			call.wasSpared(claim, tt.part, tt.class, tt.says)
		})
	}
}

// spare is who takes over.
var spare = map[string]struct{ from, to string }{
	"recogniser": {"deepgram nova-2 mu-law 8k", "the spare one"},
	"model":      {"gpt-4o", "script"},
	"voice":      {"resemble ulaw_8000", "hum"},
}

// wasSpared checks the record of a call in which a part failed once: that is on
// it, nobody waited for longer than the part's patience, and nothing was said
// twice.
func (k talker) wasSpared(claim, part, class, says string) {
	t, events := k.b.t, k.journal()
	t.Helper()
	if got := troubles(events); len(got) != 1 || got[0].Part != part || got[0].Fatal || !strings.Contains(got[0].Error, class) ||
		got[0].Provider != spare[part].from || got[0].Next != spare[part].to {
		t.Errorf("%s: on record: %+v, want that %q of %s was replaced", claim, got, class, part)
	}
	planned := spoke(events)
	slices.Sort(planned)
	if n := len(planned); len(slices.Compact(planned)) != n {
		t.Errorf("%s: something is said twice: %q", claim, spoke(events))
	}
	const patience = 3*time.Second + 3*time.Second // the part's, and what a busy machine takes
	for _, e := range events {
		if a, ok := e.(agentcore.AgentSaid); ok && a.Why == "answer" && (a.Cut || !strings.HasPrefix(a.Text, says) || a.GapMS > patience.Milliseconds()) {
			t.Errorf("%s: the answer after %d ms is %q, want %q", claim, a.GapMS, a.Text, says)
		}
	}
	hums := 0.
	for five := range slices.Chunk(k.heard(), 5) {
		hums = max(hums, level(five, 500))
	}
	if (part == "voice") != (hums > 5000) {
		t.Errorf("%s: what the caller heard has %.0f of the spare voice's 500 Hz", claim, hums)
	}
}

// A list of voices that can't be had says nothing about the voice itself.
func TestAVoiceSpeaksThoughItsListCantBeHad(t *testing.T) {
	t.Parallel()
	v := startVendors(t)
	v.voice.Unlist()
	b := v.fails(t, nil)
	call := b.rings(flowNumber)
	call.wrote("the greeting", heard("Support."))
	call.talks(asrtest.First)
	call.leaves()
	if got := troubles(call.journal()); got != nil {
		t.Errorf("on record: %+v", got)
	}
	list := b.must("GET", "/voices", "")
	if !strings.Contains(list.text, `"resemble"`) || strings.Contains(list.text, "abc123") {
		t.Errorf("the list does not say that it is not whole: %s", list.text)
	}
}

// With nobody to take over, a vendor that never says a byte costs its patience
// and then the call, which ends as other failures do.
func TestAVendorThatNeverAnswersEndsTheCall(t *testing.T) {
	t.Parallel()
	var calls sync.WaitGroup
	defer calls.Wait()
	for _, part := range []string{"recogniser", "model", "voice"} {
		calls.Go(func() {
			v := startVendors(t)
			b := v.fails(t, nil)
			vendor := map[string]*vendortest.Vendor{"recogniser": &v.ears.Vendor, "model": &v.mind.Vendor, "voice": &v.voice.Vendor}[part]
			vendor.Turn(vendortest.Mute)
			call := b.rings(flowNumber)
			began := time.Now()
			if part == "model" {
				call.wrote("the greeting", heard("Support."))
				call.says(asrtest.First)
			}
			call.over()
			if took := time.Since(began); took > 25*time.Second {
				t.Errorf("%s: it took %v", part, took)
			}
			if got := b.end(); got != telephony.ProviderFailed {
				t.Errorf("%s: the call ended for %s", part, got)
			}
			last := troubles(call.journal())
			if n := len(last); n == 0 || !last[n-1].Fatal || last[n-1].Part != part {
				t.Errorf("%s: on record: %+v", part, last)
			}
			if !slices.ContainsFunc(call.journal(), heard("Goodbye.")) { // a dead voice's is said by the embedded one
				t.Errorf("%s: no apology was heard", part)
			}
		})
	}
}
