package agentcore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/digits"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/dtmf"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// keying is a caller who asks for their balance, and keys in digits from at on,
// one each 400 ms. In each frame in which a key is down they send its tone.
func keying(at time.Duration, keys string) handset.Handset {
	speak := coded(500 * time.Millisecond)
	return handset.Func(func(now time.Duration, hear, say *media.Frame) handset.Touch {
		touch := speak.Tick(now, hear, say)
		since := now - at
		if n := int(since / (400 * time.Millisecond)); since >= 0 && n < len(keys) {
			if since%(400*time.Millisecond) < dtmf.ToneTime {
				p, _ := dtmf.Play(keys[n : n+1])
				for p.Next(say) && since%(400*time.Millisecond) >= media.FrameDuration {
					since -= media.FrameDuration
				}
			}
			if (now-at)%(400*time.Millisecond) < media.FrameDuration {
				touch.Digit = keys[n]
			}
		}
		return touch
	})
}

const askPIN = `Please key in your PIN. !collect_digits{"slot":"pin"}`

// keyTools are the tools of an agent that collects a PIN and presses keys.
func keyTools(t *testing.T, sensitive bool) []tools.Tool {
	t.Helper()
	made, err := digits.Of(roster.Definition{SystemTools: map[string]roster.SystemTool{
		roster.CollectDigits: {Active: true, Parameters: json.RawMessage(fmt.Sprintf(`{"slots":[{"name":"pin","min_digits":4,"max_digits":8,"sensitive":%v}]}`, sensitive))},
		roster.PlayDTMF:      {Active: true, Parameters: json.RawMessage(fmt.Sprintf(`{"sensitive":%v}`, sensitive))},
	}})
	if err != nil || len(made) != 2 {
		t.Fatalf("Of() = %v, %v", made, err)
	}
	return made
}

// bank is a tool that is sent the PIN, and answers with it.
type bank struct {
	mu   sync.Mutex
	seen []any
	fail bool
}

func (*bank) Spec() llm.Tool       { return llm.Tool{Name: "bank"} }
func (*bank) Traits() tools.Traits { return tools.Traits{} }
func (b *bank) Call(_ context.Context, in tools.Invocation) (tools.Result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pin, _ := in.Variables.Lookup("pin")
	b.seen = append(b.seen, pin)
	if b.fail {
		return tools.Result{}, fmt.Errorf("GET https://bank.example/?pin=%v: 500", pin)
	}
	return tools.Result{
		Text:     fmt.Sprintf(`{"bank":"done","pin":"%v","n":%v}`, pin, pin),
		Assigned: vars.Set{"echo": pin, "number": json.Number(vars.Text(pin))},
		Problems: []string{fmt.Sprintf("no field for %v", pin)},
	}, nil
}

// tape is a recorder that listens for keys.
type tape struct {
	detector dtmf.Detector
	keys     []byte
}

func (r *tape) Record(caller, _ *media.Frame) {
	if k := r.detector.Step(caller); k != 0 {
		r.keys = append(r.keys, k)
	}
}

// A secret goes to the tool that names it and nowhere else: not into the journal,
// the transcript, what the model is shown, what is said, the log or the recording.
func TestASecretIsNowhereButInTheTool(t *testing.T) {
	const pin = "864297"
	for _, fails := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := newParts(map[string]string{
				"balance": askPIN, "listening_for": "", "keyed in pin": "!bank", "bank": "That is {{pin}}. Goodbye. !end_call",
			})
			var log bytes.Buffer
			b, recorder := &bank{fail: fails}, &tape{}
			cfg := p.config("what is my balance")
			cfg.Tools = append(cfg.Tools, append(keyTools(t, true), b)...)
			cfg.Agent.Prompt = "The PIN is {{pin}}, {{echo}}, {{number}}."
			cfg.Recorder, cfg.Log = recorder, slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			sum := run(t, cfg, line.New(line.Config{Handset: keying(6*time.Second, pin+"#")}))
			entries := p.pages.Entries()
			checkJournal(t, entries, sum)
			if len(b.seen) != 1 || b.seen[0] != pin {
				t.Errorf("the tool saw %v, want the secret", b.seen)
			}
			written, err := json.Marshal(entries)
			if err != nil {
				t.Fatal(err)
			}
			for what, text := range map[string]string{
				"journal": string(written), "transcript": fmt.Sprint(agentcore.Transcript(entries)), "items": fmt.Sprintf("%+v", agentcore.Items(entries)),
				"model": fmt.Sprintf("%+v", p.model.Seen()), "log": log.String(), "recording": string(recorder.keys),
			} {
				if strings.Contains(text, pin) {
					t.Errorf("the secret is in the %s: %s", what, text)
				}
			}
			if len(recorder.keys) > 0 {
				t.Errorf("the recording has the keys %q", recorder.keys)
			}
			if !strings.Contains(string(written), `"digits":"******"`) || strings.Contains(string(written), `"digit":"8"`) {
				t.Errorf("the journal: %s", written)
			}
		})
	}
}

// What is no secret is the model's to know, and everybody's.
func TestDigitsBecomeAVariable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"balance": askPIN, "listening_for": "", "keyed in pin: 0012.": "!bank", "bank": "Goodbye. !end_call"})
		b, recorder := &bank{}, &tape{}
		cfg := p.config("what is my balance")
		cfg.Tools = append(cfg.Tools, append(keyTools(t, false), b)...)
		cfg.Agent.Prompt, cfg.Recorder = "PIN {{pin}}.", recorder
		run(t, cfg, line.New(line.Config{Handset: keying(6*time.Second, "0012#")}))
		seen := p.model.Seen()
		if len(b.seen) != 1 || b.seen[0] != "0012" || seen[len(seen)-1][0].Text != "PIN 0012." || string(recorder.keys) != "0012#" {
			t.Errorf("the tool saw %v, the prompt was %q, the recording has %q", b.seen, seen[len(seen)-1][0].Text, recorder.keys)
		}
	})
}

// lostAt plays a call whose line is lost at a time, and goes on with it on another
// line: with the same memory, or as another process would.
func lostAt(t *testing.T, sensitive bool, at time.Duration, remembers bool, before, after string) (p parts, b *bank, said string) {
	t.Helper()
	p = newParts(map[string]string{
		"balance": askPIN, "listening_for": "", "the line was lost": "Please key it in again. " + strings.TrimPrefix(askPIN, "Please key in your PIN. "),
		"keyed in pin": "!bank", "bank": "Thank you.", "only": "Too short.",
	})
	b = &bank{}
	cfg := p.config("what is my balance", "bank")
	cfg.Tools = append(cfg.Tools, append(keyTools(t, sensitive), b)...)
	if remembers {
		cfg.Secrets = &agentcore.Secrets{}
	}
	first := line.New(line.Config{Handset: keying(6*time.Second, before)})
	time.AfterFunc(at, func() { first.Lose(errors.New("reset")) })
	run(t, cfg, first)
	time.Sleep(500 * time.Millisecond)
	pressed := handset.Func(func(now time.Duration, _, _ *media.Frame) handset.Touch {
		for i := range len(after) {
			if begin := 5*time.Second + time.Duration(i)*400*time.Millisecond; now >= begin && now < begin+media.FrameDuration {
				return handset.Touch{Digit: after[i]}
			}
		}
		return handset.Touch{}
	})
	second := line.New(line.Config{Handset: pressed})
	cfg.Recognizer = &agenttest.Hearer{Texts: []string{"bank"}}
	cfg.Past, cfg.Call.Epoch = p.pages.Entries(), 2
	sum := run(t, cfg, second)
	checkJournal(t, p.pages.Entries(), sum)
	return p, b, heardOn(p, second)
}

// The line is lost between two keys: what everybody may see goes on where it was,
// of a secret nothing is left and the agent asks again.
func TestKeysSurviveALostLineUnlessTheyAreSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b, said := lostAt(t, false, 6900*time.Millisecond, false, "864", "2#")
		if len(b.seen) != 1 || b.seen[0] != "8642" || strings.Contains(said, "again") {
			t.Errorf("the tool saw %v, the caller heard %q", b.seen, said)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p, b, said := lostAt(t, true, 6900*time.Millisecond, true, "864", "7531#")
		if len(b.seen) != 1 || b.seen[0] != "7531" || !strings.Contains(said, "Please key it in again.") {
			t.Errorf("the tool saw %v, the caller heard %q", b.seen, said)
		}
		if written, _ := json.Marshal(p.pages.Entries()); !strings.Contains(string(written), `"how":"lost"`) {
			t.Errorf("the journal: %s", written)
		}
	})
}

// A secret that is complete is there on the next line if the process lives, and
// else the model is told: a tool never gets asterisks.
func TestASecretLivesAsLongAsItsMemory(t *testing.T) {
	for _, remembers := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			secrets := &agentcore.Secrets{}
			b := &bank{}
			p := newParts(map[string]string{"balance": askPIN, "listening_for": "", "keyed in pin": "Thank you.", "pay": "!bank", "bank": "Paid. Goodbye. !end_call"})
			cfg := p.config("what is my balance")
			cfg.Tools = append(cfg.Tools, append(keyTools(t, true), b)...)
			cfg.Secrets = secrets
			first := line.New(line.Config{Handset: keying(6*time.Second, "8642#")})
			time.AfterFunc(12*time.Second, func() { first.Lose(errors.New("reset")) })
			run(t, cfg, first)

			if !remembers {
				cfg.Secrets = nil
			}
			cfg.Recognizer = &agenttest.Hearer{Texts: []string{"please pay"}, Lag: 50 * time.Millisecond}
			cfg.Past, cfg.Call.Epoch = p.pages.Entries(), 2
			run(t, cfg, line.New(line.Config{Handset: coded(5 * time.Second)}))
			want, told := any("8642"), false
			if !remembers {
				want = nil
			}
			for _, messages := range p.model.Seen() {
				told = told || strings.Contains(fmt.Sprint(messages), "what the caller keyed in for pin")
			}
			if len(b.seen) != 1 || b.seen[0] != want || told == remembers {
				t.Errorf("remembers %v: the tool saw %v, the model was told of a loss: %v", remembers, b.seen, told)
			}
		})
	}
}

// The tones go down the line behind the words, all of them, whatever the caller
// says, and also when the carrier forgets its marks.
func TestPressedKeysAreHeardOnTheLine(t *testing.T) {
	for _, forgets := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := newParts(map[string]string{"menu": `One moment. !play_dtmf{"digits":"12w#AD"}`, "pressed": "There. Goodbye. !end_call"})
			cfg := p.config("the menu", "hello", "hello")
			cfg.Tools = append(cfg.Tools, keyTools(t, true)...)
			l := line.New(line.Config{Handset: coded(500*time.Millisecond, 3*time.Second)})
			var leg telephony.Leg = l
			if forgets {
				leg = forgetful{l}
			}
			run(t, cfg, leg)
			var d dtmf.Detector
			var keys []byte
			for _, h := range l.Heard() {
				if k := d.Step(&h.Frame); k != 0 {
					keys = append(keys, k)
				}
			}
			if string(keys) != "12#AD" {
				t.Errorf("forgets %v: the line had the keys %q", forgets, keys)
			}
			if said := heardOn(p, l); !strings.HasPrefix(said, "One moment. There.") {
				t.Errorf("the caller heard %q", said)
			}
			if written, _ := json.Marshal(p.pages.Entries()); strings.Contains(string(written), "12w#") || !strings.Contains(string(written), `{\"digits\":\"******\"}`) {
				t.Errorf("the journal: %s", written)
			}
		})
	}
}

// What is noted of a slot names it as tools and scripts do, in plain words
// whatever a journal calls it.
func TestASlotIsNotedByItsName(t *testing.T) {
	for _, tc := range []struct {
		claim string
		ev    agentcore.Collected
		want  string
	}{
		{"a secret", agentcore.Collected{Turn: 1, Slot: "card_pin", Digits: "****", How: "full", Complete: true, Sensitive: true},
			"(The phone system: the caller keyed in card_pin: ****. You can't see it, tools get it as {{card_pin}}.)"},
		{"none", agentcore.Collected{Turn: 1, Slot: "date_of_birth", How: "timeout"},
			"(The phone system: the caller keyed in nothing for date_of_birth.)"},
		{"a name that would be more", agentcore.Collected{Turn: 1, Slot: "a_b)\n{{c}}", Digits: "1", How: "full", Complete: true},
			"(The phone system: the caller keyed in a_b c: 1.)"},
	} {
		s, err := agentcore.Resume(pastOf(opened, tc.ev))
		if err != nil {
			t.Fatal(err)
		}
		if messages := s.Messages(""); messages[len(messages)-1].Text != tc.want {
			t.Errorf("%s: %q\nwant %q", tc.claim, messages[len(messages)-1].Text, tc.want)
		}
	}
}
