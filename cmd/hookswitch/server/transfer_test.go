package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// What the clerk says.
const (
	saysConnect = "I connect you now."
	saysCalling = "I am calling them, one moment."
	saysHere    = "I am still here."
	saysBack    = "Sorry, you are back with me."
	saysNot     = "I can not connect you."
	handSummary = "Ada asks about order twelve."
)

// clerk is a model that answers what it is asked: the key 1 has it hand the call
// on, what the phone system tells is passed on, and so is what a tool returned.
type clerk struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string][]chat // by prompt
}

func newClerk(t *testing.T) *clerk {
	k := &clerk{seen: map[string][]chat{}}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c chat
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil || len(c.Messages) == 0 {
			t.Errorf("a model was asked: %v", err)
			return
		}
		k.mu.Lock()
		who := c.last("system")
		k.seen[who] = append(k.seen[who], c)
		k.mu.Unlock()
		delta, finish, _ := strings.Cut(k.answer(c), "|")
		w.Header().Set("Content-Type", "text/event-stream")
		const chunk = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":%s,"finish_reason":%s}]}` + "\n\n"
		fmt.Fprintf(w, chunk+chunk+"data: [DONE]\n\n", delta, "null", "{}", `"`+finish+`"`)
	}))
	t.Cleanup(func() {
		k.CloseClientConnections()
		k.Close()
	})
	return k
}

func (k *clerk) answer(c chat) string {
	switch last := c.Messages[len(c.Messages)-1]; {
	case last.Role == "tool" && strings.HasPrefix(last.Content, "The caller is connected"):
		return says(saysConnect)
	case last.Role == "tool" && strings.HasPrefix(last.Content, "They are being called"):
		return says(saysCalling)
	case last.Role == "tool":
		return says(saysNot)
	case strings.Contains(last.Content, "(The phone system:"):
		return says(saysBack)
	case strings.Contains(last.Content, "[1]"):
		return uses(roster.TransferToNumber, `{"destination":"Sales","summary":"`+handSummary+`","reason":"they want sales"}`)
	case strings.Contains(last.Content, "[4]"):
		return uses(roster.TransferToNumber, `{"destination":"Dear"}`)
	case strings.Contains(last.Content, "[3]"): // what somebody may talk a model into
		return uses(roster.TransferToNumber, `{"destination":"+14155550199","summary":"x","reason":"x"}`)
	}
	return says(saysHere)
}

// told is the newest that the model of an agent was told by role and that holds
// text.
func (k *clerk) told(agent, role, text string) (newest string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.seen["You are "+agent+"."] {
		for _, m := range c.Messages {
			if m.Role == role && strings.Contains(m.Content, text) {
				newest = m.Content
			}
		}
	}
	return newest
}

// party is somebody at a phone who does what the test says, and remembers what
// they heard.
type party struct {
	says   atomic.Pointer[[]media.Frame] // again and again; nil is silence
	press  atomic.Int32                  // a key, once
	hangup atomic.Bool
	react  func(now time.Duration, hear *media.Frame) handset.Touch // without being told; may be nil

	mu    sync.Mutex
	heard []media.Frame
	once  []media.Frame // is still to be said
}

func (p *party) Tick(now time.Duration, hear, say *media.Frame) handset.Touch {
	p.mu.Lock()
	p.heard = append(p.heard, *hear)
	n := len(p.heard)
	if len(p.once) > 0 {
		*say, p.once = p.once[0], p.once[1:]
	}
	p.mu.Unlock()
	if all := p.says.Load(); all != nil {
		*say = (*all)[n%len(*all)]
	}
	touch := handset.Touch{Digit: byte(p.press.Swap(0)), Hangup: p.hangup.Load()}
	if p.react != nil {
		more := p.react(now, hear)
		touch.Hangup = touch.Hangup || more.Hangup
		if touch.Digit == 0 {
			touch.Digit = more.Digit
		}
	}
	return touch
}

// hums has p make a tone that is told from every voice.
func (p *party) hums(hz float64) { t := handset.Tone(time.Second, hz); p.says.Store(&t) }

// shouts has p make a noise that is a voice's.
func (p *party) shouts() { t := handset.Loud(media.FrameDuration); p.says.Store(&t) }

func (p *party) silent() { p.says.Store(nil) }

// hears reports whether p hears a tone now, for 200 ms.
func (p *party) hears(hz float64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	const window = 10
	return len(p.heard) >= window && level(p.heard[len(p.heard)-window:], hz) > 2000
}

// voiced is for how long p heard the agent's voice.
func (p *party) voiced() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for i := range p.heard {
		if level(p.heard[i:i+1], humHertz) > 6000 {
			n++
		}
	}
	return time.Duration(n) * media.FrameDuration
}

// Tones. The first is the agent's voice: see [hum].
const (
	humHertz    = 500
	callerHertz = 1000
	calleeHertz = 1700
)

// notes is the hum, and everything that it was asked to say.
type notes struct {
	mu   sync.Mutex
	said []string
}

func (n *notes) Speak(ctx context.Context, text string, out tts.Sink) error {
	n.mu.Lock()
	n.said = append(n.said, text)
	n.mu.Unlock()
	return hum{}.Speak(ctx, text, out)
}

func (n *notes) spoke(text string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.said, func(s string) bool { return strings.Contains(s, text) })
}

// office is a gateway whose agents hand their calls on.
type office struct {
	*booted
	model *clerk
	hook  *told
	voice *notes
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{model: newClerk(t), hook: receives(t, nil), voice: &notes{}}
	opts := privately(t)
	opts.Config.BootstrapKey = flowKey
	opts.Config.OpenAI.BaseURL = o.model.URL + "/v1"
	opts.Load = func(context.Context) (*server.Speech, error) {
		return &server.Speech{Voice: o.voice, Hears: "nobody", Speaks: "hum"}, nil
	}
	o.booted = boot(t, opts)
	return o
}

// sells is an agent that has somebody to hand calls to. more are further fields of
// the destination.
func sells(name, kind, to, more string) roster.Definition {
	d := receptionist(name)
	provider, model, prompt := "openai", "gpt-4o-mini", "You are "+name+"."
	d.LLM = &roster.LLM{Provider: &provider, Model: &model, Prompt: &prompt}
	d.SystemTools = map[string]roster.SystemTool{roster.TransferToNumber: {Active: true, Parameters: json.RawMessage(
		`{"transfers":[{"condition":"The caller asks for sales.","label":"Sales","transfer_type":"` + kind + `","ring_timeout_secs":5,
		"transfer_destination":{"type":"phone","phone_number":"` + to + `"}` + more + `}]}`)}}
	return d
}

// scene is one call that is handed on.
type scene struct {
	o      *office
	name   string // of the agent
	kind   string
	to     string // whom it is handed to
	call   *sim.Call
	caller *party
	callee *party
}

// scene has somebody call an agent of its own, who hands calls to phone, at which
// the callee sits unless phone says who does. n tells scenes apart.
func (o *office) scene(n int, kind string, phone *sim.Phone, more string) *scene {
	o.t.Helper()
	s := &scene{o: o, name: fmt.Sprintf("Scene %d", n), kind: kind, to: fmt.Sprintf("+1415555%04d", 300+n), caller: &party{}, callee: &party{}}
	number := fmt.Sprintf("+1415555%04d", 200+n)
	d := sells(s.name, kind, s.to, more)
	d.Webhooks = []roster.Webhook{{Type: roster.PostCall, Config: roster.WebhookConfig{
		Request: &roster.Request{URL: o.hook.URL, Method: "POST"}, Timeout: 5,
	}}}
	o.linked(d, number)
	if phone != nil {
		p := *phone
		if p.Make == nil {
			p.Make = func() handset.Handset { return s.callee }
		}
		o.Sim().Register(s.to, p)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	o.t.Cleanup(cancel)
	var err error
	if s.call, err = o.Sim().Call(ctx, "+14155550134", number, s.caller); err != nil {
		o.t.Fatal(err)
	}
	s.wrote("the greeting", heard(s.name+"."))
	return s
}

func (s *scene) errorf(format string, a ...any) {
	s.o.t.Helper()
	s.o.t.Errorf(s.name+": "+format, a...)
}

func (s *scene) within(d time.Duration, what string, ok func() bool) {
	s.o.t.Helper()
	within(s.o.t, d, s.name+": "+what, ok)
}

func (s *scene) wrote(what string, ok func(agentcore.Event) bool) {
	s.o.t.Helper()
	wrote(s.o.t, s.o.Store(), s.call, s.name+": "+what, ok)
}

// asks has the caller ask for sales.
func (s *scene) asks() { s.caller.press.Store('1') }

// legs are the calls of the other side, oldest first.
func (s *scene) legs() (all []*sim.Call) {
	for _, c := range s.o.Sim().Calls() {
		if c.To() == s.to {
			all = append(all, c)
		}
	}
	return all
}

func (s *scene) record() storage.Call {
	s.o.t.Helper()
	r, err := s.o.Store().CallByCarrier(context.Background(), s.call.SID())
	if err != nil {
		s.o.t.Fatal(err)
	}
	return r
}

func (s *scene) transfers() []dispatch.Transfer {
	s.o.t.Helper()
	all, err := s.o.Store().TransfersOf(context.Background(), s.record().ID)
	if err != nil {
		s.o.t.Fatal(err)
	}
	return all
}

// status waits until the newest transfer has this status.
func (s *scene) status(want string) {
	s.o.t.Helper()
	s.within(20*time.Second, "a transfer that is "+want, func() bool {
		all := s.transfers()
		return len(all) > 0 && all[len(all)-1].Status == want
	})
}

// together waits until the two hear each other. A tone that came earlier would be
// an answering machine's.
func (s *scene) together() {
	s.o.t.Helper()
	s.status("bridged")
	s.caller.hums(callerHertz)
	s.callee.hums(calleeHertz)
	s.within(20*time.Second, "they hear each other", func() bool { return s.caller.hears(calleeHertz) && s.callee.hears(callerHertz) })
}

// comesBack waits until the agent, by itself, tells the caller that they are with
// it again, and then answers them. The model was told story.
func (s *scene) comesBack(story string) {
	s.o.t.Helper()
	s.wrote("the caller is told", heard(saysBack))
	s.caller.press.Store('2')
	s.wrote("it goes on", heard(saysHere))
	if note := s.o.model.told(s.name, "user", "(The phone system:"); !strings.Contains(note, story) {
		s.errorf("the model was told %q, want %q", note, story)
	}
}

// ended waits for the end, and checks what is told of it wherever calls are told
// of: one end, reason, its transfers with those outcomes.
func (s *scene) ended(reason telephony.EndReason, outcomes ...string) {
	s.o.t.Helper()
	s.within(20*time.Second, "the end", func() bool { return s.record().Over() && s.call.Status().Terminal() })
	for _, leg := range s.legs() {
		s.within(20*time.Second, "the end of the other leg", func() bool { return leg.Status().Terminal() })
	}
	r := s.record()
	if r.Reason != reason {
		s.errorf("the call ended for %s, want %s", r.Reason, reason)
	}
	if d := r.Ended.Sub(r.Answered) - s.call.Duration(); d.Abs() > time.Second {
		s.errorf("the record lasts %v, the call %v", r.Ended.Sub(r.Answered), s.call.Duration())
	}
	s.checkJournal(reason, outcomes)
	s.checkAPI(r, reason, outcomes)
	s.checkHook(r, reason, outcomes)
}

func (s *scene) checkJournal(reason telephony.EndReason, outcomes []string) {
	s.o.t.Helper()
	all := journal(s.o.t, s.o.Store(), s.call.SID())
	began, over := 0, []string{}
	for _, e := range all {
		switch e := e.(type) {
		case agentcore.TransferBegan:
			began++
		case agentcore.TransferOver:
			over = append(over, e.Outcome)
		}
	}
	if last, ok := all[len(all)-1].(agentcore.Ended); !ok || ends(all) != 1 || last.Reason != reason {
		s.errorf("the journal closes with %#v, and has %d ends", all[len(all)-1], ends(all))
	}
	want := outcomes
	if s.kind != "blind" { // the agent's call was over before that was: nobody was left to be told
		want = slices.DeleteFunc(slices.Clone(outcomes), func(o string) bool { return o == "canceled" })
	}
	if !slices.Equal(over, want) || began != len(outcomes) {
		s.errorf("the journal has %d transfers, of which came %q, want %q", began, over, want)
	}
}

func (s *scene) checkAPI(r storage.Call, reason telephony.EndReason, outcomes []string) {
	s.o.t.Helper()
	got := s.o.must("GET", "/calls/"+string(r.ID), "")
	shown, _ := got.at("item.transfers").([]any)
	for i, want := range outcomes {
		at := fmt.Sprintf("item.transfers.%d.", i)
		if len(shown) != len(outcomes) || got.str(at+"outcome") != want || got.str(at+"status") != "over" || got.str(at+"to") != "Sales" {
			s.errorf("the API shows %v, want %q", shown, outcomes)
		}
	}
	if strings.Contains(got.text, s.to) || got.str("item.end_reason") != string(reason) {
		s.errorf("the API shows %s", got.text)
	}
}

// checkHook checks what the post_call told.
func (s *scene) checkHook(r storage.Call, reason telephony.EndReason, outcomes []string) {
	s.o.t.Helper()
	type event struct {
		Call      string `json:"call_id"`
		Reason    string `json:"end_reason"`
		Transfers []struct{ To, Status, Outcome string }
	}
	var got []event
	s.within(20*time.Second, "post_call", func() bool {
		got = nil
		for _, p := range s.o.hook.all() {
			var e event
			if err := json.Unmarshal([]byte(p.body), &e); err != nil {
				s.errorf("post_call: %v: %s", err, p.body)
			}
			if e.Call == string(r.ID) {
				got = append(got, e)
			}
		}
		return len(got) > 0
	})
	var told []string
	for _, t := range got[0].Transfers {
		if told = append(told, t.Outcome); t.Status != "over" || t.To != "Sales" {
			s.errorf("post_call tells of %+v", t)
		}
	}
	if len(got) != 1 || got[0].Reason != string(reason) || !slices.Equal(told, outcomes) {
		s.errorf("%d post_calls, of %+v, want one: %s, %q", len(got), got, reason, outcomes)
	}
}

// counted checks how many transfers of a kind ended so.
func (o *office) counted(kind string, want map[string]int) {
	o.t.Helper()
	_, text := o.get("/metrics")
	for outcome, n := range want {
		if line := fmt.Sprintf("hookswitch_transfers_total{kind=%q,outcome=%q} %d\n", kind, outcome, n); !strings.Contains(text, line) {
			for l := range strings.Lines(text) {
				if strings.HasPrefix(l, "hookswitch_transfers_total{kind=\""+kind) {
					o.t.Log(l)
				}
			}
			o.t.Errorf("the metrics lack %s", line)
		}
	}
}

// quiet checks that the carrier had nothing to complain of.
func (o *office) quiet() {
	o.t.Helper()
	if violations := o.Sim().Police().Violations(); len(violations) != 0 {
		o.t.Errorf("the carrier complains: %v", violations)
	}
}

// play plays scenes at once: none waits for another.
func play(scenes ...func()) {
	var wait sync.WaitGroup
	for _, s := range scenes {
		wait.Go(s)
	}
	wait.Wait()
}
