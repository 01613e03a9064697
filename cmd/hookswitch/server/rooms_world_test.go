package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// pitches are the agents of rooms, and the tone in Hz that each one's voice is.
var pitches = map[string]float64{"Ada": 700, "Ben": 1100, "Cleo": 1900}

// pitched is a voice: a text is the tone of the agent who is named in it, for as
// long as the text is.
type pitched struct{}

func (pitched) Speak(ctx context.Context, text string, out tts.Sink) error {
	for name, hz := range pitches {
		if !strings.Contains(text, name) {
			continue
		}
		tone := handset.Tone(time.Second, hz)
		for i := range len(text) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := out.Frame(&tone[i%len(tone)]); err != nil {
				return err
			}
		}
	}
	return nil
}

// pitchedSpeech are the parts of a gateway of such agents. Whoever is not silent
// has said the same sentence.
func pitchedSpeech(context.Context) (*server.Speech, error) {
	return &server.Speech{
		Voice: pitched{}, Speaks: "tones", Recognizer: single(callersWords), Hears: "one sentence",
		Detector: func() (vad.Detector, error) { return agenttest.Detector{}, nil },
	}, nil
}

const callersWords = "is anybody there"

// onAndOn is what takes an agent 20 seconds to say.
func onAndOn(name string) string {
	return strings.Repeat("This is "+name+" ", 1000/len("This is "+name+" "))
}

// ear is somebody on the phone who knows whom they hear, and when.
type ear struct {
	party
	noted sync.Mutex
	first map[string]time.Time
	last  map[string]time.Time
}

func newEar() *ear {
	e := &ear{first: map[string]time.Time{}, last: map[string]time.Time{}}
	e.react = func(_ time.Duration, hear *media.Frame) handset.Touch {
		e.noted.Lock()
		defer e.noted.Unlock()
		for name, hz := range pitches {
			if handset.Level(hear, hz) > handset.ToneLevel/2 {
				e.last[name] = time.Now()
				if e.first[name].IsZero() {
					e.first[name] = e.last[name]
				}
			}
		}
		return handset.Touch{}
	}
	return e
}

// heard is when an agent was heard first, and last; zero: never.
func (e *ear) heard(name string) (first, last time.Time) {
	e.noted.Lock()
	defer e.noted.Unlock()
	return e.first[name], e.last[name]
}

// hears waits until an agent is heard after from.
func (e *ear) hears(t *testing.T, name string, from time.Time) {
	t.Helper()
	within(t, 20*time.Second, name+"'s voice", func() bool { _, last := e.heard(name); return last.After(from) })
}

// hushes waits until an agent was not heard for a second, and returns when they
// were heard last.
func (e *ear) hushes(t *testing.T, name string) (last time.Time) {
	t.Helper()
	within(t, 20*time.Second, "no more of "+name+"'s voice", func() bool { _, last = e.heard(name); return time.Since(last) > time.Second })
	return last
}

// lobby is a gateway with agents that are told apart, a carrier where another
// company has a number, too, and a client of LiveKit's.
type lobby struct {
	*booted
	*roomClient
	t       *testing.T
	carrier *sim.Carrier
	model   *scribe
	hook    *told
	theirs  atomic.Pointer[string] // what the other company's number does, in TwiML
}

// Numbers of the lobby, and of the other company.
const (
	lobbyNumber   = "+14155550190"
	strangeNumber = "+14155550191"
	lobbyCaller   = "+14155550192"
	lobbyCallee   = "+14155550193"
)

// newLobby opens one whose number is answered by an agent of that name, with that
// greeting.
func newLobby(t *testing.T, name, greeting string) *lobby {
	t.Helper()
	l := &lobby{t: t, model: newScribe(t), hook: receives(t, nil)}
	strangers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		if page := l.theirs.Load(); page != nil {
			io.WriteString(w, *page)
		}
	}))
	var err error
	l.carrier, err = sim.New(sim.Config{
		AccountSID: ownAccount, AuthToken: ownToken, Forget: true, Knobs: sim.Knobs{CPS: -1},
		Accounts: []sim.Account{{SID: theirAccount, AuthToken: theirToken, Stranger: true}},
		Numbers:  []sim.Number{{Number: strangeNumber, Account: theirAccount, VoiceURL: strangers.URL}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rest := httptest.NewServer(l.carrier.Handler())
	t.Cleanup(func() {
		if err := l.carrier.Close(); err != nil {
			t.Error(err)
		}
		rest.Close()
		strangers.Close()
		for _, v := range l.carrier.Police().Violations() {
			t.Errorf("the carrier complains: %v", v)
		}
	})
	o := privately(t)
	o.Config.BootstrapKey, o.Config.OpenAI.BaseURL = flowKey, l.model.URL+"/v1"
	o.Config.Carrier = "twilio"
	o.Config.Twilio = config.Twilio{AccountSID: ownAccount, AuthToken: ownToken, APIBase: rest.URL, CPS: 100, AMD: "off"}
	o.Transport, o.Load = &http.Transport{DisableKeepAlives: true}, pitchedSpeech
	l.booted = boot(t, o)
	l.roomClient = newRoomClient(t, l.PublicURL(), flowKey)
	l.answers(l.hires(name, greeting, nil))
	eventually(t, "ready", func() bool { status, _ := l.get("/readyz"); return status == http.StatusOK })
	return l
}

// hires makes an agent. It ends the call when the caller presses 9, and answers
// anything else with its name.
func (l *lobby) hires(name, greeting string, change func(*roster.Definition)) roster.Agent {
	l.t.Helper()
	l.model.mu.Lock()
	l.model.on[name] = obedient(name)
	l.model.mu.Unlock()
	a, err := l.Store().CreateAgent(l.t.Context(), roster.Agent{
		UUID: "uuid-of-" + strings.ToLower(name), Workspace: roster.Default, Definition: obeys(name, greeting, change),
	}, 0, "test", time.Now())
	if err != nil {
		l.t.Fatal(err)
	}
	return a
}

// obeys is who is hired.
func obeys(name, greeting string, change func(*roster.Definition)) roster.Definition {
	d := receptionist(name)
	provider, model, prompt := "openai", "gpt-4o-mini", "You are "+name+"."
	d.LLM, d.Greeting = &roster.LLM{Provider: &provider, Model: &model, Prompt: &prompt}, &greeting
	d.SystemTools = map[string]roster.SystemTool{roster.EndCall: {Active: true}}
	if change != nil {
		change(&d)
	}
	return d
}

func obedient(name string) func(chat) string {
	return func(c chat) string {
		switch last := c.Messages[len(c.Messages)-1]; {
		case last.Role == "tool":
			return says(name + " says goodbye.")
		case strings.Contains(last.Content, "[9]"):
			return uses(roster.EndCall, `{"reason":"they want it"}`)
		}
		return says(name + " is still here.")
	}
}

// answers gives the lobby's number to an agent, who calls from it, too.
func (l *lobby) answers(a roster.Agent) {
	l.t.Helper()
	n, err := l.Store().CreateNumber(l.t.Context(), roster.Number{
		Workspace: roster.Default, Number: lobbyNumber, Label: "x", Inbound: true, Outbound: true, Provider: "twilio", Status: roster.NumberActive,
	}, "test", time.Now())
	if err == nil {
		_, err = l.Store().LinkNumber(l.t.Context(), roster.Default, n.ID, a.UUID, "test", time.Now())
	}
	if err == nil {
		err = l.carrier.Own(sim.Number{Number: lobbyNumber, VoiceURL: l.PublicURL() + "/twilio/voice", StatusCallback: l.PublicURL() + "/twilio/status"})
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// rings has h call a number.
func (l *lobby) rings(number string, h handset.Handset) *sim.Call {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	l.t.Cleanup(cancel)
	call, err := l.carrier.Call(ctx, lobbyCaller, number, h)
	if err != nil {
		l.t.Fatal(err)
	}
	return call
}

// live calls the lobby's number, waits until its agent is heard, and returns the
// call's id, which is its room's name.
func (l *lobby) live(name string, e *ear) (call *sim.Call, room string) {
	l.t.Helper()
	call = l.rings(lobbyNumber, e)
	e.hears(l.t, name, time.Time{})
	r, err := l.Store().CallByCarrier(l.t.Context(), call.SID())
	if err != nil {
		l.t.Fatal(err)
	}
	return call, string(r.ID)
}

// strange is the TwiML of a company that lets its caller in at address, and says
// nothing for a second when they come back.
func strange(address string) *string {
	page := fmt.Sprintf(`<Response><Connect><Stream url=%q><Parameter name="from" value=%q/></Stream></Connect><Pause length="1"/></Response>`, address, lobbyCaller)
	return &page
}

// over waits until the call of that id is, and returns its end.
func (l *lobby) over(id string) (reason telephony.EndReason) {
	l.t.Helper()
	within(l.t, 20*time.Second, "the end of the call", func() bool {
		r, err := l.Store().Call(context.Background(), telephony.CallID(id))
		reason = r.Reason
		return err == nil && r.Over()
	})
	return reason
}
