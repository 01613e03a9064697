package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	classes "github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// What agents say, and how it sounds: a tone that is held for as long as one
// needs to say the text.
const (
	greetsWith   = "Hello {{name}}, this is the shop."
	leavesBehind = "Hi {{name}}, please call us back about your order."
	tellsScreen  = "The shop, about an order of {{name}}."
	modelSays    = "That is all I wanted to say."

	greetHertz  = 500
	leaveHertz  = 700
	screenHertz = 1100
	modelHertz  = 1900
)

var agentHertz = []float64{greetHertz, leaveHertz, screenHertz, modelHertz}

// hertzOf is the tone of what an agent says.
func hertzOf(text string) float64 {
	for part, hz := range map[string]float64{"call us back": leaveHertz, "about an order": screenHertz, modelSays: modelHertz} {
		if strings.Contains(text, part) {
			return hz
		}
	}
	return greetHertz
}

// agentLetter is how long an agent needs for a letter.
const agentLetter = 60 * time.Millisecond

// toned is an agent's voice, and all that it was asked to say.
type toned struct{ notes }

func (v *toned) Speak(ctx context.Context, text string, out tts.Sink) error {
	v.mu.Lock()
	v.said = append(v.said, text)
	v.mu.Unlock()
	frames := handset.Tone(time.Duration(len(text))*agentLetter, hertzOf(text))
	for i := range frames {
		if err := errors.Join(ctx.Err(), out.Frame(&frames[i])); err != nil {
			return err
		}
	}
	return nil
}

// farEnd is a persona, and which of an agent's texts it heard when: its own
// recording.
type farEnd struct {
	*persona.Player
	mu    sync.Mutex
	heard map[float64][]persona.Span
	sum   map[float64]time.Duration
}

// stutter is what a text may be interrupted for by a busy machine.
const stutter = 3 * time.Second

func (f *farEnd) Tick(now time.Duration, hear, say *media.Frame) handset.Touch {
	touch := f.Player.Tick(now, hear, say)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, hz := range agentHertz {
		if handset.Level(hear, hz) < handset.ToneLevel/2 {
			continue
		}
		all := f.heard[hz]
		if n := len(all); n == 0 || now-all[n-1].End > stutter {
			all = append(all, persona.Span{Begin: now})
		}
		all[len(all)-1].End = now + media.FrameDuration
		f.heard[hz], f.sum[hz] = all, f.sum[hz]+media.FrameDuration
	}
	return touch
}

// tones are the stretches in which a text was heard.
func (f *farEnd) tones(hz float64) []persona.Span {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.heard[hz])
}

// length is how much of a text was heard in all, without what a busy machine puts
// between: who says it twice is heard for twice as long.
func (f *farEnd) length(hz float64) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sum[hz]
}

// line is what was noted of the persona's nth line.
func (f *farEnd) line(t *testing.T, n int) persona.Turn {
	t.Helper()
	turns := f.Evidence().Turns
	i := slices.IndexFunc(turns, func(turn persona.Turn) bool { return turn.Line == n })
	if i < 0 {
		t.Fatalf("line %d was not said: %+v", n, turns)
	}
	return turns[i]
}

// player is somebody at a phone who does what s says.
func player(s *persona.Script) *farEnd {
	return &farEnd{Player: s.Player(), heard: map[float64][]persona.Span{}, sum: map[float64]time.Duration{}}
}

// shopkeeper is an agent that calls people. parameters are those of its
// voicemail_detection, in JSON; empty: it has none, and talks to whoever answers.
func shopkeeper(name, parameters string) roster.Definition {
	d := receptionist(name)
	provider, model, prompt, greeting := "openai", "gpt-4o-mini", "You are "+name+".", greetsWith
	d.LLM, d.Greeting = &roster.LLM{Provider: &provider, Model: &model, Prompt: &prompt}, &greeting
	d.Variables = map[string]any{"name": "there"}
	if parameters != "" {
		d.SystemTools = map[string]roster.SystemTool{roster.VoicemailDetection: {Active: true, Parameters: json.RawMessage(parameters)}}
	}
	return d
}

// leaving are the parameters of who leaves a message.
var leaving = fmt.Sprintf(`{"voicemail_message":%q}`, leavesBehind)

// shop is a gateway whose agents call whoever may answer. Claims about it may be
// tested at the same time: see [shop.claim].
type shop struct {
	*booted
	babble *babble
	voice  *toned
	model  *scribe
	hook   *told
	book   *book
}

// book is what all claims about a shop have in common: which numbers were given
// away, and which calls were placed.
type book struct {
	mu    sync.Mutex
	last  int
	calls []*rung
}

// next is a number that nobody has.
func (b *book) next() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	return b.last
}

// newShop opens one. change may be nil.
func newShop(t *testing.T, change func(*server.Options)) *shop {
	t.Helper()
	s := &shop{babble: newBabble(), voice: &toned{}, model: newScribe(t), hook: receives(t, nil), book: &book{}}
	o := privately(t)
	o.Config.BootstrapKey, o.Config.OpenAI.BaseURL = flowKey, s.model.URL+"/v1"
	o.Load = understandsBabble(s.babble, s.voice)
	if change != nil {
		change(&o)
	}
	s.booted = boot(t, o)
	eventually(t, "ready", func() bool { status, _ := s.get("/readyz"); return status == http.StatusOK })
	return s
}

// hires makes an agent that calls people, from a number of its own.
func (s *shop) hires(name, parameters string) (uuid string) {
	s.t.Helper()
	n := s.book.next()
	name = fmt.Sprintf("%s-%d", strings.ReplaceAll(name, " ", "-"), n) // it is part of an address
	d := shopkeeper(name, parameters)
	d.Webhooks = []roster.Webhook{{Type: roster.PostCall, Config: roster.WebhookConfig{
		Request: &roster.Request{URL: s.hook.URL, Method: "POST"}, Timeout: 5,
	}}}
	s.model.mu.Lock()
	s.model.on[name] = func(chat) string { return says(modelSays) }
	s.model.mu.Unlock()
	return s.linked(d, fmt.Sprintf("+1415555%04d", 200+n)).UUID
}

// rung is a call that an agent placed.
type rung struct {
	s     *shop
	claim string
	agent string
	id    telephony.CallID
	who   *farEnd
	call  *sim.Call
}

// rings has the agent call somebody.
func (s *shop) rings(claim, agent string, who *farEnd) *rung {
	s.t.Helper()
	to := fmt.Sprintf("+1415555%04d", 600+s.book.next())
	s.Sim().Register(to, sim.Phone{Answer: handset.Answer{After: 100 * time.Millisecond}, Make: func() handset.Handset { return who }})
	id := s.must("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+to+`","dynamic_variables":{"name":"Ada"}}`).str("call_id")
	r := &rung{s, claim, agent, telephony.CallID(id), who, s.lastTo(claim, to)}
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	s.book.calls = append(s.book.calls, r)
	return r
}

func (r *rung) errorf(format string, a ...any) {
	r.s.t.Helper()
	r.s.t.Errorf(r.claim+": "+format, a...)
}

func (r *rung) record() storage.Call {
	r.s.t.Helper()
	record, err := r.s.Store().CallByCarrier(context.Background(), r.call.SID())
	if err != nil {
		r.s.t.Fatalf("%s: %v", r.claim, err)
	}
	return record
}

// ends waits until the call is over, and checks why.
func (r *rung) ends(most time.Duration, reason telephony.EndReason) {
	r.s.t.Helper()
	within(r.s.t, most, r.claim+": the end", func() bool { return r.record().Over() })
	if got := r.record().Reason; got != reason {
		r.errorf("it ended for %s, want %s", got, reason)
	}
	if got := r.answer().Class; r.s.t.Failed() {
		r.s.t.Logf("%s: %s, %+v, heard %+v", r.claim, got, r.verdicts(), r.who.Evidence())
	}
}

// verdicts are those in the journal, in order.
func (r *rung) verdicts() (all []classes.Class) {
	r.s.t.Helper()
	for _, e := range journal(r.s.t, r.s.Store(), r.call.SID()) {
		if e, ok := e.(agentcore.WhoAnswered); ok {
			all = append(all, e.Class)
		}
	}
	return all
}

// answered is who answered, as the API shows it.
type whoAnswered struct {
	Class      classes.Class
	Confidence float64
	At         int64 `json:"at_ms"`
	Evidence   []struct{ Kind, What string }
	Left       string `json:"message_left"`
	LeftAt     int64  `json:"message_left_at_ms"`
	Whole      bool
}

// answer is what the API shows of who answered the call.
func (r *rung) answer() (a whoAnswered) {
	r.s.t.Helper()
	text := r.s.must("GET", "/calls/"+string(r.id), "").text
	var got struct{ Item struct{ Answer *whoAnswered } }
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		r.s.t.Fatalf("%s: %v: %s", r.claim, err, text)
	}
	if got.Item.Answer == nil {
		return whoAnswered{}
	}
	return *got.Item.Answer
}

// because reports whether there is evidence of a kind.
func (a whoAnswered) because(kind string) bool {
	return slices.ContainsFunc(a.Evidence, func(e struct{ Kind, What string }) bool { return e.Kind == kind })
}

// told is the call's one post_call, whose receiver has it soon.
func (r *rung) told() (posts []string) {
	r.s.t.Helper()
	within(r.s.t, 20*time.Second, r.claim+": post_call", func() bool {
		posts = nil
		for _, p := range r.s.hook.all() {
			if strings.Contains(p.body, string(r.id)) {
				posts = append(posts, p.body)
			}
		}
		return len(posts) > 0
	})
	return posts
}

// agentBegan is when the agent was heard first, on the persona's clock.
func (f *farEnd) agentBegan() (at time.Duration, ok bool) {
	for _, hz := range agentHertz {
		if all := f.tones(hz); len(all) > 0 && (!ok || all[0].Begin < at) {
			at, ok = all[0].Begin, true
		}
	}
	return at, ok
}
