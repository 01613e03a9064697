package server_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Who reads along sees what is being said before it is said, each caption once,
// and after a break what came meanwhile.
func TestCaptionsAreReadWhileTheCallGoesOn(t *testing.T) {
	t.Parallel()
	o := newReadOffice(t, agentsFolder(t, "agent-live-captions.yaml", liveCaptions), nil)
	s := o.visit(101)
	first := o.readsAlong(s.record().ID, "")
	s.within(10*time.Second, "what was said before", func() bool { return first.shows("caption", "agent", "Hello, this is "+s.name+".") })
	s.caller.words(callerHertz)
	s.within(10*time.Second, "the caller's words", func() bool { return first.shows("caption", "caller", saidCaller) })
	s.within(10*time.Second, "the agent's", func() bool { return first.shows("caption", "agent", saysHere) })
	if !first.shows("interim", "caller", saidCaller) {
		t.Error("nobody saw the caller's words before they had finished")
	}
	first.leave()
	last, ids := "", []string(nil)
	for _, e := range first.all() {
		switch e.event {
		case "caption":
			ids, last = append(ids, e.id), e.id
		case "interim":
			if e.id != "" && e.id != last {
				t.Errorf("an interim has a number: %+v", e)
			}
		default:
			t.Errorf("a strange event: %+v", e)
		}
	}
	for i, id := range ids {
		if id != strconv.Itoa(i+1) {
			t.Errorf("captions came as %q", ids)
			break
		}
	}
	s.spoken() // nobody reads along
	again := o.readsAlong(s.record().ID, last)
	s.within(10*time.Second, "what came meanwhile", func() bool { return again.shows("caption", "caller", saidCaller) })
	s.call.Hangup()
	s.ended(telephony.CallerHangup)
	select {
	case <-again.over:
	case <-time.After(20 * time.Second):
		t.Fatal("the stream did not end with the call")
	}
	all, next := o.captionsOf(s.record().ID), len(ids)
	for _, e := range again.all() {
		if e.event != "caption" {
			continue
		}
		var c caption
		if err := json.Unmarshal([]byte(e.data), &c); err != nil {
			t.Fatal(err)
		}
		if next++; e.id != strconv.Itoa(next) || next > len(all) || c.Text != all[next-1].Text {
			t.Errorf("%+v came as number %d", e, next)
		}
	}
	if next != len(all) {
		t.Errorf("%d captions were read along, %d are on record", next, len(all))
	}
	if a := o.ask("GET", "/calls/"+string(s.record().ID)+"/captions", "", "Accept", "text/event-stream", "Last-Event-ID", strconv.Itoa(next)); a.status != http.StatusNoContent {
		t.Errorf("who has read all gets %d", a.status)
	}
	if got := o.must("GET", "/calls/"+string(s.record().ID), "").str("item.captions_count"); got != strconv.Itoa(next) {
		t.Errorf("the record counts %s captions, want %d", got, next)
	}
}

// A recogniser of the captions' own that refuses everything costs the call
// nothing; what the agent says is known without it.
func TestCaptionsWithoutARecogniserHurtNoCall(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, `{"err_code":"INVALID_AUTH","err_msg":"no"}`, http.StatusUnauthorized)
	}))
	t.Cleanup(vendor.Close)
	log := &paper{}
	dir := agentsFolder(t, "agent-live.yaml", "load_threshold: 1\nlive_captions: {processing: automatic, provider: deepgram, deepgram: {api_key: wrongkeyofcaptions}}\n")
	o := newReadOffice(t, dir, func(o *server.Options) {
		o.Config.Providers.Deepgram.BaseURL = vendor.URL
		o.Log = slog.New(slog.NewTextHandler(log, nil))
	})
	s := o.visit(111)
	s.spoken()
	s.spoken()
	s.reads("agent", saysHere, 0)
	s.within(10*time.Second, "the log tells of it", func() bool { return strings.Contains(log.String(), "captions have a gap") })
	s.call.Hangup()
	s.ended(telephony.CallerHangup)
	if asked.Load() == 0 {
		t.Error("the recogniser was not asked")
	}
	for _, c := range o.captionsOf(s.record().ID) {
		if c.Side != "agent" {
			t.Errorf("somebody understood the caller: %+v", c)
		}
	}
	if strings.Contains(log.String(), "wrongkeyofcaptions") {
		t.Error("the key is in the log")
	}
	o.quiet()
}

// keyEars are recognisers that note which keys they hear the sound of.
type keyEars struct {
	mu   sync.Mutex
	keys map[int]string // by stream
}

func (k *keyEars) Open(context.Context, asr.Options) (asr.Stream, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = map[int]string{}
	}
	n := len(k.keys) + 1
	k.keys[n] = ""
	return &keyStream{toneStream: toneStream{heard: make([]int, len(toneWords)), results: make(chan asr.Result, 256)}, of: k, n: n}, nil
}

type keyStream struct {
	toneStream
	of  *keyEars
	n   int
	ear handset.KeyEar
}

func (s *keyStream) Write(f *media.Frame) bool {
	if key := s.ear.Hear(f); key != 0 {
		s.of.mu.Lock()
		s.of.keys[s.n] += string(key)
		s.of.mu.Unlock()
	}
	return s.toneStream.Write(f)
}

// pinPad is a caller whose keys are heard on the line as well as told by it.
type pinPad struct {
	mu   sync.Mutex
	keys []byte
	left []media.Frame
}

func (p *pinPad) press(keys string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append(p.keys, keys...)
}

func (p *pinPad) speak() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = handset.Tone(800*time.Millisecond, callerHertz)
}

func (p *pinPad) Tick(_ time.Duration, _, say *media.Frame) (touch handset.Touch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.left) == 0 && len(p.keys) > 0 {
		touch.Digit, p.left, p.keys = p.keys[0], handset.KeyTones(string(p.keys[0])), p.keys[1:]
	}
	if len(p.left) > 0 {
		*say, p.left = p.left[0], p.left[1:]
	}
	return touch
}

// What is keyed in for nobody to see is heard by no recogniser of the captions,
// though it sounds on the line.
func TestSecretKeysAreInNoCaptions(t *testing.T) {
	t.Parallel()
	const pin = "4821579"
	model := thinks(t, uses("collect_digits", `{"slot":"pin"}`), says("Please key in your pin."), says("Thank you, that is right."), says(saysHere))
	ears := &keyEars{}
	o := privately(t)
	o.Config.BootstrapKey, o.Config.OpenAI.BaseURL = flowKey, model.URL+"/v1"
	o.Config.AgentsDir = agentsFolder(t, "agent-live-captions.yaml", liveCaptions)
	o.Load = func(ctx context.Context) (*server.Speech, error) {
		s, err := understands(ctx)
		s.Recognizer = ears
		return s, err
	}
	b := boot(t, o)
	d := receptionist("Bank")
	provider, name := "openai", "gpt-4o-mini"
	d.LLM = &roster.LLM{Provider: &provider, Model: &name}
	d.SystemTools = map[string]roster.SystemTool{"collect_digits": {Active: true, Parameters: json.RawMessage(`{"slots":[{"name":"pin","min_digits":7,"max_digits":7,"sensitive":true}]}`)}}
	b.linked(d, hookNumber)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p := &pinPad{}
	call, err := b.Sim().Call(ctx, "+14155550134", hookNumber, p)
	if err != nil {
		t.Fatal(err)
	}
	wrote(t, b.Store(), call, "the greeting", heard("Bank."))
	p.speak() // so that whoever writes down has an ear for the caller
	wrote(t, b.Store(), call, "the question", heard("Please key in your pin."))
	p.press(pin)
	wrote(t, b.Store(), call, "the answer", heard("Thank you, that is right."))
	r, err := b.Store().CallByCarrier(ctx, call.SID())
	if err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "its caption", func() bool {
		return slices.ContainsFunc(captionsIn(t, b.Store(), r.ID), func(c caption) bool { return c.Text == "Thank you, that is right." })
	})
	call.Hangup()
	b.end()
	ears.mu.Lock()
	defer ears.mu.Unlock()
	if len(ears.keys) < 2 {
		t.Errorf("%d recognisers were opened, want the agent's and the captions'", len(ears.keys))
	}
	agents := 0
	for _, keys := range ears.keys {
		if strings.Contains(keys, pin) {
			agents++ // the agent's own, which is not the captions' to change
		} else if strings.ContainsAny(keys, strings.ReplaceAll(pin, "1", "")) {
			t.Errorf("a recogniser heard %q of the pin", keys)
		}
	}
	if agents > 1 {
		t.Errorf("the pin sounded in %d recognisers", agents)
	}
	for _, c := range b.captionsOf(r.ID) {
		if strings.ContainsAny(c.Text, pin) {
			t.Errorf("the pin is in a caption: %+v", c)
		}
	}
}

// A gateway is killed while somebody talks. Whoever takes the call up goes on
// with the captions, too.
func TestCaptionsGoOnAfterAKill(t *testing.T) {
	t.Parallel()
	w := newTown(t, sim.Knobs{}, nil)
	w.env = []string{"HOOKSWITCH_AGENTS_DIR=" + agentsFolder(t, "agent-live-captions.yaml", liveCaptions)}
	public, socket := w.socket()
	first := w.gateway(public, socket)
	c := &caller{}
	call := w.ring(c)
	w.talks(call, c)
	within(t, 20*time.Second, "captions", func() bool { return len(w.captions(call)) >= 2 })
	w.kill(first)
	c.noisy.Store(false)
	before := len(w.captions(call))
	within(t, 10*time.Second, "the carrier's notice", func() bool { return !call.Streaming() })
	second := w.gateway(public, socket)
	w.wrote(call, "the agent goes on", planned("Sorry, we were cut off."))
	has := func(side, text string) func() bool {
		return func() bool {
			return slices.ContainsFunc(w.captions(call)[before:], func(c caption) bool { return c.Side == side && strings.Contains(c.Text, text) })
		}
	}
	within(t, 20*time.Second, "the agent's words", has("agent", "Sorry, we were cut off."))
	c.noisy.Store(true)
	time.Sleep(500 * time.Millisecond) // of the caller's voice
	c.noisy.Store(false)
	within(t, 20*time.Second, "the caller's words", has("caller", "an appointment on Tuesday"))
	r := w.record(call)
	room, err := w.db.Rooms().OfCall(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	all, err := w.db.Rooms().Dispatches(t.Context(), room.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if len(d.Jobs) != 1 || d.Jobs[0].Attempts != 2 {
			t.Errorf("%s has %d jobs, the first with %d attempts; want one, taken up twice", d.Agent, len(d.Jobs), d.Jobs[0].Attempts)
		}
	}
	call.Hangup()
	within(t, 20*time.Second, "the end", func() bool { return w.record(call).Over() })
	w.stop(second)
	if len(w.captions(call)) <= before {
		t.Error("captions got lost")
	}
}

// captions are those on record of a call.
func (w *town) captions(call *sim.Call) []caption {
	w.t.Helper()
	return captionsIn(w.t, w.db, w.record(call).ID)
}
