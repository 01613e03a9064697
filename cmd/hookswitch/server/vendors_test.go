package server_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers/vendortest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Keys of the vendors. No two have a part in common.
const (
	earsKey  = "dg-4f1c9a7766aa11"
	mindKey  = "sk-proj-b83e5d02cc77"
	voiceKey = "rs-90d2e6f3318844"
)

// keys are those of the vendors, by what the API calls them.
var keys = map[string]string{"deepgram": earsKey, "openai": mindKey, "resemble": voiceKey}

// vendors are those of seed 001, on this machine.
type vendors struct {
	ears  *vendortest.Deepgram
	mind  *vendortest.OpenAI
	voice *vendortest.Resemble
}

// answer is what the model says to words.
func answer(words string) string { return "You have said " + words + "." }

func startVendors(t *testing.T) vendors {
	return vendors{
		ears:  vendortest.StartDeepgram(t, ""),
		mind:  vendortest.StartOpenAI(t, func(c vendortest.Chat) string { return answer(c.Last("user")) }),
		voice: vendortest.StartResemble(t, "abc123"),
	}
}

// all are the vendors by name.
func (v vendors) all() map[string]*vendortest.Vendor {
	return map[string]*vendortest.Vendor{"deepgram": &v.ears.Vendor, "openai": &v.mind.Vendor, "resemble": &v.voice.Vendor}
}

// options are those of a gateway that finds the vendors here and has an API. It
// needs no model of its own to notice that somebody speaks.
func (v vendors) options(t *testing.T) server.Options {
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	o.Config.Providers.Deepgram.BaseURL = v.ears.URL()
	o.Config.OpenAI.BaseURL = v.mind.URL()
	o.Config.Providers.Resemble.BaseURL = v.voice.URL()
	return o
}

// unlock sets the workspace's keys over the API.
func (b *booted) unlock(keys map[string]string) {
	b.t.Helper()
	for name, key := range keys {
		b.must("PUT", "/providers/"+name, `{"api_key":"`+key+`"}`)
	}
}

// supported is seed 001's agent, or what change makes of it.
func supported(change func(*roster.Definition)) roster.Definition {
	provider, model, prompt := "openai", "gpt-4o", "You are a helpful customer support agent."
	d := receptionist("Support")
	d.VoiceUUID = "abc123"
	d.ASR = &roster.ASR{Provider: "deepgram", Model: "nova-2", AudioFormat: "ulaw_8000"}
	d.LLM = &roster.LLM{Provider: &provider, Model: &model, Prompt: &prompt, Temperature: .3}
	if change != nil {
		change(&d)
	}
	return d
}

// talker has a telephone, sings, and remembers what they heard.
type talker struct {
	*sim.Call
	b     *booted
	phone *phone
}

type phone struct {
	*handset.Typed
	mu    sync.Mutex
	heard []media.Frame
}

// Tick implements [handset.Handset].
func (p *phone) Tick(now time.Duration, hear, say *media.Frame) handset.Touch {
	p.mu.Lock()
	p.heard = append(p.heard, *hear)
	p.mu.Unlock()
	return p.Typed.Tick(now, hear, say)
}

// heard is the agent's voice, without the silence around it.
func (k talker) heard() (loud []media.Frame) {
	k.phone.mu.Lock()
	defer k.phone.mu.Unlock()
	for i := range k.phone.heard {
		if loudest(&k.phone.heard[i]) > 6000 {
			loud = append(loud, k.phone.heard[i])
		}
	}
	return loud
}

// rings has a talker call number.
func (b *booted) rings(number string) talker {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	b.t.Cleanup(cancel)
	p := &phone{Typed: handset.NewTyped(handset.TypedConfig{})}
	call, err := b.Sim().Call(ctx, flowCaller, number, p)
	if err != nil {
		b.t.Fatal(err)
	}
	return talker{call, b, p}
}

// says sings s when the agent is silent.
func (k talker) says(s asrtest.Speech) {
	k.b.t.Helper()
	if err := k.phone.Play(s.Frames); err != nil {
		k.b.t.Fatal(err)
	}
}

// wrote waits until the call's journal has an event that ok likes.
func (k talker) wrote(what string, ok func(agentcore.Event) bool) {
	k.b.t.Helper()
	wrote(k.b.t, k.b.Store(), k.Call, what, ok)
}

// journal is what was written of the call so far.
func (k talker) journal() []agentcore.Event { return journal(k.b.t, k.b.Store(), k.SID()) }

// leaves hangs up, and waits for the end.
func (k talker) leaves() {
	k.b.t.Helper()
	k.Hangup()
	k.over()
}

// over waits for the end.
func (k talker) over() {
	k.b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	if err := k.Wait(ctx); err != nil {
		k.b.t.Fatal(err)
	}
	eventually(k.b.t, "the end on record", func() bool { return ends(k.journal()) == 1 })
}

// said likes the caller's words.
func said(text string) func(agentcore.Event) bool {
	return func(e agentcore.Event) bool {
		s, ok := e.(agentcore.CallerSaid)
		return ok && s.Text == text
	}
}

// troubles are the failures of providers that are on record.
func troubles(events []agentcore.Event) (all []agentcore.ProviderError) {
	for _, e := range events {
		if p, ok := e.(agentcore.ProviderError); ok {
			all = append(all, p)
		}
	}
	return all
}
