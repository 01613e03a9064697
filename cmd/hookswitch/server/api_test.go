package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// What may be in no log: a key, numbers, a variable's value, words.
const (
	flowKey      = "hsk_bootstrap0123456789abcdef"
	flowNumber   = "+14155550147"
	flowSpare    = "+14155550148"
	flowCaller   = "+14155550134"
	flowCustomer = "Quetzalcoatl"
	flowGreeting = "marmalade is ready"
	flowWords    = "seventeen purple elephants"
	flowSecret   = "a secret of sixteen bytes and more"
)

// paper is a log that can be read again.
type paper struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// TestTheWholeWayOverTheAPI goes from an empty database to calls out and in.
func TestTheWholeWayOverTheAPI(t *testing.T) {
	t.Parallel()
	log := &paper{}
	t.Cleanup(func() { discreet(t, log.String()) }) // when the gateway has stopped
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	o.Log = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), log), nil))
	o.Load = func(ctx context.Context) (*server.Speech, error) {
		s, err := converses(ctx)
		s.Recognizer = single(flowWords)
		return s, err
	}
	done := receives(t, nil)
	b := boot(t, o)
	eventually(t, "ready", func() bool { status, _ := b.get("/readyz"); return status == http.StatusOK })

	if a := b.ask("GET", "/agents", "", "Authorization", "Bearer hsk_another"); a.status != http.StatusUnauthorized {
		t.Errorf("with another key: %d %s", a.status, a.text)
	}
	number, spare := b.number(flowNumber), b.number(flowSpare)
	agent := b.must("POST", "/agents", `{"name":"Shop","voice_uuid":"flite-rms","phone_number_id":`+number+`,
		"greeting":"Hello {{customer}}, the `+flowGreeting+`.","dynamic_variables":{"customer":"there"},
		"asr":{"provider":"moonshine","model":"tiny-en"},"llm":{"provider":"script","model":"demo","prompt":"You keep a shop."},
		"webhooks":[{"webhook_type":"post_call","webhook_config":{"secret":"`+flowSecret+`",
			"api_schema":{"url":"`+done.URL+`","method":"POST"}}}]}`).str("item.agent.uuid")

	call := dispatches(b, agent)
	b.follows(call)
	b.reads(call)
	b.tells(call, done)
	b.links(agent, spare)
	b.endsByOperator()
	b.refuses(agent)
}

// dispatches sends the agent out, twice with one key: it rings once.
func dispatches(b *booted, agent string) (call string) {
	b.t.Helper()
	wish := `{"phone_number":"` + server.PhoneListens + `","dynamic_variables":{"customer":"` + flowCustomer + `"}}`
	first := b.must("POST", "/agents/"+agent+"/dispatch", wish, "Idempotency-Key", "flow-1")
	again := b.must("POST", "/agents/"+agent+"/dispatch", wish, "Idempotency-Key", "flow-1")
	if first.header.Get("Idempotent-Replayed") != "" || again.header.Get("Idempotent-Replayed") != "true" || first.text != again.text {
		b.t.Errorf("a repeat is answered %v %s, after %v %s", again.header, again.text, first.header, first.text)
	}
	other := strings.Replace(wish, flowCustomer, "Xolotl", 1)
	if a := b.ask("POST", "/agents/"+agent+"/dispatch", other, "Idempotency-Key", "flow-1"); a.status != http.StatusConflict {
		b.t.Errorf("another wish by the same name: %d %s", a.status, a.text)
	}
	if n := len(b.Sim().Calls()); n != 1 {
		b.t.Errorf("%d calls were placed, want one", n)
	}
	return first.str("call_id")
}

// follows reads the call's stream to its end.
func (b *booted) follows(call string) {
	b.t.Helper()
	a := b.must("GET", "/calls/"+call+"/events", "", "Accept", "text/event-stream")
	var kinds []string
	for block := range strings.SplitSeq(a.text, "\n\n") {
		if kind := regexp.MustCompile(`(?m)^event: (\w+)$`).FindStringSubmatch(block); kind != nil {
			kinds = append(kinds, kind[1])
			if want := fmt.Sprintf("id: %d\n", len(kinds)); !strings.Contains(block+"\n", want) {
				b.t.Errorf("event %d is %q", len(kinds), block)
			}
		}
	}
	if len(kinds) < 5 || kinds[0] != "opened" || kinds[len(kinds)-1] != "ended" {
		b.t.Fatalf("the stream told %v", kinds)
	}
	if got := b.end(); got != telephony.CallerHangup {
		b.t.Errorf("the call ended for %s", got)
	}
}

// reads looks at a call that is over: its record, its words, its sound.
func (b *booted) reads(call string) {
	b.t.Helper()
	a := b.must("GET", "/calls/"+call, "")
	for path, want := range map[string]string{
		"item.status": "ended", "item.end_reason": "caller_hangup", "item.direction": "outbound", "item.to": server.PhoneListens,
		"item.from": flowNumber, "item.agent.name": "Shop", "item.agent.version": "1", "item.variables.customer": flowCustomer,
	} {
		if a.str(path) != want {
			b.t.Errorf("the call's %s is %q, want %q", path, a.str(path), want)
		}
	}
	a = b.must("GET", "/calls/"+call+"/transcript", "")
	if want := "Hello " + flowCustomer + ", the " + flowGreeting + "."; a.str("items.0.text") != want || a.str("items.0.speaker") != "agent" || a.str("complete") != "true" {
		b.t.Errorf("the transcript is %s", a.text)
	}
	a = b.must("GET", "/calls/"+call+"/recording", "")
	sound, err := wav.Parse([]byte(a.text))
	if err != nil {
		b.t.Fatalf("the recording: %v", err)
	}
	agent, err := sound.Frames(1)
	if err != nil || sound.Format.Channels != 2 {
		b.t.Fatalf("the recording has %d channels: %v", sound.Format.Channels, err)
	}
	begin, end, ok := handset.VoicedSpan(agent)
	if spoke := end - begin; !ok || spoke < 60*time.Millisecond || spoke > time.Second || sound.Duration() < time.Second {
		b.t.Errorf("of %v of recording the agent speaks from %v to %v", sound.Duration(), begin, end)
	}
}

// tells waits for the call's post_call.
func (b *booted) tells(call string, done *told) {
	b.t.Helper()
	var d answered
	within(b.t, 10*time.Second, "post_call", func() bool {
		d = b.must("GET", "/deliveries?call_id="+call, "")
		return d.str("items.0.status") == "delivered"
	})
	posts := done.all()
	if d.str("count") != "1" || len(posts) != 1 {
		b.t.Fatalf("%d posts, deliveries %s", len(posts), d.text)
	}
	var said struct {
		Type    string `json:"type"`
		Call    string `json:"call_id"`
		Summary string `json:"call_summary"`
		Lines   []any  `json:"transcript"`
	}
	if err := json.Unmarshal([]byte(posts[0].body), &said); err != nil || said.Type != "post_call" || said.Call != call || len(said.Lines) != 1 {
		b.t.Errorf("post_call tells %s (%v)", posts[0].body, err)
	}
	if posts[0].header.Get("webhook-id") != d.str("items.0.webhook_message_id") || posts[0].header.Get("webhook-signature") == "" {
		b.t.Errorf("post_call's headers: %v", posts[0].header)
	}
}

// links gives a number that leads nowhere to the agent.
func (b *booted) links(agent, spare string) {
	b.t.Helper()
	if _, r := b.dial(flowSpare, handset.Silent); r.Reason != telephony.NumberUnknown {
		b.t.Errorf("a number of nobody's: %s", r.Reason)
	}
	if got := b.end(); got != telephony.NumberUnknown {
		b.t.Errorf("watched: %s", got)
	}
	a := b.must("PATCH", "/agents/"+agent, `{"phone_number_id":`+spare+`}`)
	if a.str("item.phone_numbers.0.phone_number") != flowNumber || a.str("item.phone_numbers.1.phone_number") != flowSpare {
		b.t.Errorf("the agent's numbers are not told: %s", a.text)
	}
}

// endsByOperator calls the number that leads to the agent now, and has the call
// ended over the API.
func (b *booted) endsByOperator() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := &caller{}
	call, err := b.Sim().Call(ctx, flowCaller, flowSpare, c)
	if err != nil {
		b.t.Fatal(err)
	}
	wrote(b.t, b.Store(), call, "the greeting", heard(flowGreeting+"."))
	c.noisy.Store(true)
	time.Sleep(300 * time.Millisecond) // of speech
	c.noisy.Store(false)
	wrote(b.t, b.Store(), call, "the caller's words", func(e agentcore.Event) bool {
		said, ok := e.(agentcore.CallerSaid)
		return ok && said.Text == flowWords
	})
	list := b.must("GET", "/calls?limit=1", "")
	if list.str("items.0.status") != "in-progress" || list.str("items.0.agent.name") != "Shop" || list.str("items.0.to") != flowSpare {
		b.t.Fatalf("the newest call is %s", list.text)
	}
	id := list.str("items.0.id")
	if a := b.must("GET", "/calls/"+id, ""); a.str("item.live.state") == "" {
		b.t.Errorf("what goes on in it is not told: %s", a.text)
	}
	b.must("POST", "/calls/"+id+"/hangup", "")
	if err := call.Wait(ctx); err != nil || call.Streaming() || call.Status() != telephony.Completed {
		b.t.Errorf("the caller's line: %v, %s, streaming %t", err, call.Status(), call.Streaming())
	}
	if got := b.end(); got != telephony.OperatorHangup {
		b.t.Errorf("the call ended for %s", got)
	}
	if a := b.must("GET", "/calls/"+id, ""); a.str("item.end_reason") != "operator_hangup" || ends(journal(b.t, b.Store(), call.SID())) != 1 {
		b.t.Errorf("its record: %s", a.text)
	}
	again := b.must("POST", "/calls/"+id+"/hangup", "")
	if again.str("message") != "The call is over already" {
		b.t.Errorf("hanging up again: %s", again.text)
	}
}

// refuses dispatches the agent with ears that it has no key of.
func (b *booted) refuses(agent string) {
	b.t.Helper()
	b.must("PATCH", "/agents/"+agent, `{"asr":{"provider":"deepgram","model":"nova-2"}}`)
	before := len(b.Sim().Calls())
	a := b.ask("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+server.PhoneListens+`"}`)
	if why := a.str("errors.agent.0"); a.status != http.StatusUnprocessableEntity || !strings.Contains(why, "deepgram/nova-2") || !strings.Contains(why, "it has no key") {
		b.t.Errorf("a dispatch without ears: %d %s", a.status, a.text)
	}
	if n := len(b.Sim().Calls()) - before; n != 0 {
		b.t.Errorf("%d calls were placed all the same", n)
	}
}

// discreet checks what was logged of all that.
func discreet(t *testing.T, log string) {
	t.Helper()
	if !strings.Contains(log, "call placed") || !strings.Contains(log, "webhook sent") || strings.Count(log, "call over") != 2 {
		t.Errorf("the log does not tell of the calls")
	}
	log = strings.ToLower(log)
	for what, text := range map[string]string{
		"the key": flowKey, "the key's begin": flowKey[:12], "a secret": flowSecret, "a variable": flowCustomer, "the greeting": flowGreeting, "the caller's words": flowWords,
		"the agent's number": flowNumber[1:], "the other number": flowSpare[1:], "the caller's number": flowCaller[1:], "the callee's number": server.PhoneListens[1:],
		"any number": "1415555", "a webhook's body": "transcript", "the carrier's token": server.SimToken,
	} {
		if i := strings.Index(log, strings.ToLower(text)); i >= 0 {
			t.Errorf("the log holds %s: ...%s...", what, log[max(0, i-150):min(len(log), i+100)])
		}
	}
}
