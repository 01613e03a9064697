package agentcore_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	dialogue "github.com/hookswitch/hookswitch/agentcore/llm/script"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// A call in which a number is keyed in goes on from every prefix of its journal:
// it ends, and no tool is ever sent asterisks or a number that nobody keyed in.
func TestACollectionGoesOnFromEveryPrefix(t *testing.T) {
	for _, sensitive := range []bool{false, true} {
		answers := map[string]string{
			"balance": askPIN, "listening_for": "", "keyed in pin": "!bank", "bank": "Goodbye. !end_call",
			"was lost": strings.Replace(askPIN, "Please", "Again", 1), "nothing": "Goodbye. !end_call", "interrupted": askPIN,
			"only": strings.Replace(askPIN, "Please", "Again", 1),
		}
		var whole []agentcore.Entry
		synctest.Test(t, func(t *testing.T) {
			p := newParts(answers)
			cfg := p.config("what is my balance")
			cfg.Tools = append(cfg.Tools, append(keyTools(t, sensitive), &bank{})...)
			run(t, cfg, line.New(line.Config{Handset: keying(6*time.Second, "8642#")}))
			whole = p.pages.Entries()
		})
		for n := range len(whole) {
			synctest.Test(t, func(t *testing.T) {
				p, b := newParts(answers), &bank{}
				if err := p.pages.Append(t.Context(), whole[:n]...); err != nil {
					t.Fatal(err)
				}
				cfg := p.config("what is my balance")
				cfg.Recognizer = &agenttest.Hearer{Texts: []string{"what is my balance"}, Lag: 50 * time.Millisecond}
				cfg.Tools = append(cfg.Tools, append(keyTools(t, sensitive), b)...)
				cfg.Past, cfg.Call.Epoch = whole[:n], 2
				sum := run(t, cfg, line.New(line.Config{Handset: keying(20*time.Second, "7531#")}))
				checkJournal(t, p.pages.Entries(), sum)
				if sum.End == "" {
					t.Errorf("sensitive %v, from entry %d: the call never ended", sensitive, n)
				}
				for _, pin := range b.seen {
					if pin != nil && !keyable(fmt.Sprint(pin), sensitive) {
						t.Errorf("sensitive %v, from entry %d: the tool saw %v", sensitive, n, pin)
					}
				}
			})
		}
	}
}

// keyable reports whether pin was keyed in: on the first line, on the second, or,
// unless it is a secret, partly on both.
func keyable(pin string, sensitive bool) bool {
	if pin == "8642" || pin == "7531" {
		return true
	}
	first, ok := strings.CutSuffix(pin, "7531")
	return ok && !sensitive && strings.HasPrefix("8642", first)
}

// A script asks for a slot and goes on by what was keyed in, in a whole call.
func TestAScriptGoesOnByWhatWasKeyed(t *testing.T) {
	s, err := dialogue.Load([]byte(`
name: Bank
greeting: Bank, hello.
slots: {pin: {kind: keys}}
start: open
states:
  open: {say: "How can I help?"}
  asking: {ask: {pin: "Please key in your PIN."}, then: told}
  told: {say: "You are {pin.spoken}."}
intents:
  balance: {words: [balance], goto: asking}
  keyed: {in: [asking], slots: [pin], goto: told}
fallback: ["Sorry? {ask}"]
give_up: Goodbye.
`))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		p := newParts(nil)
		cfg := p.config("what is my balance")
		cfg.Model, cfg.Tools = s, append(cfg.Tools, keyTools(t, false)...)
		l := line.New(line.Config{Handset: keying(7*time.Second, "8642#")})
		if sum := run(t, cfg, l); sum.End != telephony.Silence {
			t.Errorf("End = %q", sum.End)
		}
		if got, want := heardOn(p, l), "Please key in your PIN. You are 8 6 4 2."; got != want {
			t.Errorf("the caller heard %q, want %q", got, want)
		}
	})
}
