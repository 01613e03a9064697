package turn_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/turn"
)

func TestMachine(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   []turn.Event
		want []turn.Action
		last turn.Phase
	}{
		{"greeting, then the caller's floor", []turn.Event{opened, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Greeting), free(1)}, turn.Listening},
		{"a whole turn", []turn.Event{began, ended, words, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1)}, turn.Listening},
		{"words are awaited before anything is said", []turn.Event{began, ended}, nil, turn.Hearing},
		{"talk-over", []turn.Event{began, ended, words, audio(1), began},
			[]turn.Action{start(1, turn.Answer), cancel(1)}, turn.Hearing},
		{"talk-over, then their words are answered", []turn.Event{began, ended, words, audio(1), began, ended, words},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Answer)}, turn.Thinking},
		{"a noise over the agent: it says the rest", []turn.Event{began, ended, words, audio(1), began, ended, nothing, audio(2), heard(2)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Resume), free(2)}, turn.Listening},
		{"a noise while the agent thinks: it thinks again", []turn.Event{began, ended, words, began, ended, nothing},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Answer)}, turn.Thinking},
		{"a noise over the greeting: it is said again", []turn.Event{opened, audio(1), began, ended, nothing},
			[]turn.Action{start(1, turn.Greeting), cancel(1), start(2, turn.Resume)}, turn.Thinking},
		{"a noise when nobody speaks", []turn.Event{began, ended, nothing}, nil, turn.Listening},
		{"they go on before their words are known: one answer to all", []turn.Event{began, ended, began, words, ended, words},
			[]turn.Action{start(1, turn.Answer)}, turn.Thinking},
		{"a breath of noise behind their words: answered all the same", []turn.Event{began, ended, began, words, ended, nothing},
			[]turn.Action{start(1, turn.Answer)}, turn.Thinking},
		{"a key over the agent", []turn.Event{opened, audio(1), key},
			[]turn.Action{start(1, turn.Greeting), cancel(1), start(2, turn.Answer)}, turn.Thinking},
		{"a key while they speak waits for their words", []turn.Event{began, key, ended, words},
			[]turn.Action{start(1, turn.Answer)}, turn.Thinking},
		{"who keys something in silences the agent, and has the floor", []turn.Event{opened, audio(1), keying, keying, nothing, quiet, silent},
			[]turn.Action{start(1, turn.Greeting), cancel(1)}, turn.Hearing},
		{"what was keyed in is answered", []turn.Event{opened, audio(1), keying, keying, key},
			[]turn.Action{start(1, turn.Greeting), cancel(1), start(2, turn.Answer)}, turn.Thinking},
		{"who speaks instead is answered", []turn.Event{keying, began, ended, words},
			[]turn.Action{start(1, turn.Answer)}, turn.Thinking},
		{"keying does not cut what is held, the answer follows it", []turn.Event{began, ended, words, hold(1), audio(1), keying, heard(1), key},
			[]turn.Action{start(1, turn.Answer), free(1), start(2, turn.Answer)}, turn.Thinking},
		{"late echo of a cancelled reply", []turn.Event{began, ended, words, audio(1), began, heard(1), audio(1)},
			[]turn.Action{start(1, turn.Answer), cancel(1)}, turn.Hearing},
		{"the agent ends the call after its goodbye", []turn.Event{began, ended, words, audio(1), bye(1), heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1), end(turn.ByAgent)}, turn.Over},
		{"the caller talks over the goodbye: the call goes on", []turn.Event{began, ended, words, audio(1), bye(1), began, ended, words, audio(2), heard(2)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Answer), free(2)}, turn.Listening},
		{"a noise over the goodbye: it is said, and the call ends", []turn.Event{began, ended, words, audio(1), bye(1), began, ended, nothing, heard(2)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Resume), free(2), end(turn.ByAgent)}, turn.Over},
		{"a noise while it thinks of its goodbye: the call ends behind it", []turn.Event{began, ended, words, bye(1), began, ended, nothing, audio(2), heard(2)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Answer), free(2), end(turn.ByAgent)}, turn.Over},
		{"a failure: one apology that nothing interrupts, then the end", []turn.Event{began, ended, words, failed(1), audio(2), began, key, heard(2)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Apology), free(2), end(turn.ByProvider)}, turn.Over},
		{"the apology fails, too", []turn.Event{opened, failed(1), failed(2)},
			[]turn.Action{start(1, turn.Greeting), cancel(1), start(2, turn.Apology), cancel(2), end(turn.ByProvider)}, turn.Over},
		{"deaf: the same", []turn.Event{{Kind: turn.Deaf}, {Kind: turn.Deaf}}, []turn.Action{start(1, turn.Apology)}, turn.Thinking},
		{"silence: asked once, then let go", []turn.Event{quiet, audio(1), heard(1), silent},
			[]turn.Action{start(1, turn.Prompt), free(1), end(turn.BySilence)}, turn.Over},
		{"silence that never ends the call: asked once", []turn.Event{quiet, audio(1), heard(1), quiet, quiet},
			[]turn.Action{start(1, turn.Prompt), free(1)}, turn.Listening},
		{"they answered: asked again at the next silence", []turn.Event{quiet, audio(1), heard(1), key, audio(2), heard(2), quiet},
			[]turn.Action{start(1, turn.Prompt), free(1), start(2, turn.Answer), free(2), start(3, turn.Prompt)}, turn.Thinking},
		{"silence that ends the call before it asks", []turn.Event{silent}, []turn.Action{end(turn.BySilence)}, turn.Over},
		{"silent while somebody speaks means nothing", []turn.Event{began, silent}, nil, turn.Hearing},
		{"quiet while somebody speaks means nothing", []turn.Event{began, quiet}, nil, turn.Hearing},
		{"time is up in mid-answer", []turn.Event{began, ended, words, timeUp, words},
			[]turn.Action{start(1, turn.Answer), cancel(1), end(turn.ByTime)}, turn.Over},
		{"held: speech over it does not cut it, and is answered behind it", []turn.Event{began, ended, words, hold(1), audio(1), began, ended, heard(1), words},
			[]turn.Action{start(1, turn.Answer), free(1), start(2, turn.Answer)}, turn.Thinking},
		{"held: their words and a key come before it ends: one answer to both", []turn.Event{began, ended, words, hold(1), began, ended, words, key, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1), start(2, turn.Answer)}, turn.Thinking},
		{"held: a key, and they speak when it ends", []turn.Event{began, ended, words, audio(1), hold(1), key, began, heard(1), ended, nothing},
			[]turn.Action{start(1, turn.Answer), free(1), start(2, turn.Answer)}, turn.Thinking},
		{"held: they still speak when it ends, and have the floor", []turn.Event{began, ended, words, audio(1), hold(1), began, heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1)}, turn.Hearing},
		{"held: a noise over it means nothing", []turn.Event{began, ended, words, hold(1), began, ended, nothing, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1)}, turn.Listening},
		{"held: a goodbye that nobody talks over", []turn.Event{began, ended, words, hold(1), audio(1), bye(1), began, ended, heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1), end(turn.ByAgent)}, turn.Over},
		{"held: it ends with the reply", []turn.Event{began, ended, words, hold(1), audio(1), heard(1), began, ended, words, audio(2), began},
			[]turn.Action{start(1, turn.Answer), free(1), start(2, turn.Answer), cancel(2)}, turn.Hearing},
		{"held: it may fail all the same", []turn.Event{began, ended, words, hold(1), began, failed(1)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Apology)}, turn.Thinking},
		{"held: time is up all the same", []turn.Event{began, ended, words, hold(1), timeUp},
			[]turn.Action{start(1, turn.Answer), cancel(1), end(turn.ByTime)}, turn.Over},
		{"a late hold of a cancelled reply holds nothing", []turn.Event{began, ended, words, began, ended, words, hold(1), began},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Answer), cancel(2)}, turn.Hearing},
		{"a noise while the agent waits for a tool, some of it said: it thinks again", []turn.Event{began, ended, words, audio(1), {Kind: turn.SpeechBegan, Unanswered: true}, ended, nothing},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Answer)}, turn.Thinking},
		{"another talked before, and somebody waits for an answer: no greeting", []turn.Event{{Kind: turn.Opened, Unanswered: true}, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1)}, turn.Listening},
		{"the line is back, somebody waits for an answer", []turn.Event{{Kind: turn.Reopened, Unanswered: true}, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Resume), free(1), start(2, turn.Answer)}, turn.Thinking},
	} {
		t.Run(tc.name, func(t *testing.T) {
			checkSteps(t, turn.Machine{Greets: true, Prompts: true}, tc.in, tc.want, tc.last)
		})
	}
}

// FuzzMachine checks what must hold for any order of events: a reply starts
// only when none is live, only the live reply is cancelled or released, no reply
// starts while the caller speaks (but to say that something broke, or on an open
// line, or when somebody else has waited for long), no call ends for a fault while
// somebody waits for its caller, a machine is only told what is due, and nothing
// follows the end.
func FuzzMachine(f *testing.F) {
	f.Add([]byte{1, 2, 3, 1, 4})
	f.Add([]byte{3, 4, 5, 8, 3, 4, 6, 9})
	f.Add([]byte{2, 3, 4, 16, 7, 3, 4, 6, 8, 17, 19, 7, 8})
	f.Add([]byte{2, 17, 3, 18, 8, 19, 9})
	f.Add([]byte{0, 6, 20, 2, 3, 4, 22, 2, 3, 4, 21, 6, 7})
	f.Add([]byte{0, 17, 20, 18, 23, 7, 16, 14, 24, 8, 21, 6, 7})
	f.Fuzz(func(t *testing.T, script []byte) {
		m := turn.Machine{Greets: true, Prompts: true}
		live, newest, speaking, held, waited, machine, over := 0, 0, false, false, false, false, false
		for _, b := range script {
			kind := turn.EventKind(b%26 + 1)
			switch kind {
			case turn.Accepted:
				waited = !over
			case turn.News:
				waited = false
			case turn.Aside, turn.MessageDue, turn.ScreeningDue, turn.MenuDue:
				waited, machine = waited && machine, true
			case turn.Back:
				machine = false
			}
			if kind == turn.SpeechBegan {
				speaking = true
			} else if kind == turn.SpeechEnded {
				speaking = false
			}
			held = m.Holds() && kind >= turn.SpeechBegan && kind <= turn.Key
			for _, a := range m.Step(nil, turn.Event{Kind: kind, Reply: newest - int(b>>7), Unanswered: b&64 != 0}) {
				switch {
				case over:
					t.Fatalf("%v after the end", a)
				case held:
					t.Fatalf("%v for a sound while a reply is held", a)
				case a.Kind == turn.End && a.Cause != turn.ByAgent && a.Cause != turn.ByMachine && waited:
					t.Fatalf("%v while somebody waits for the caller", a)
				case a.Kind == turn.End || a.Kind == turn.Leave:
					over, live = true, 0
				case a.Kind == turn.Start && live == 0:
					live, newest = a.Reply, a.Reply
					if toMachine := a.Why == turn.Message || a.Why == turn.Screening || a.Why == turn.Menu; toMachine != machine {
						t.Fatalf("%v, and that a machine is on the line is %v", a, machine)
					}
					if speaking && (a.Why == turn.Answer || a.Why == turn.Tidings || a.Why == turn.Connect && kind != turn.Late) {
						t.Fatalf("%v while the caller speaks", a)
					}
				case a.Kind != turn.Start && a.Reply == live && live != 0:
					live = 0
				default:
					t.Fatalf("%v with reply %d live", a, live)
				}
			}
			if on := m.Phase() == turn.Thinking || m.Phase() == turn.Speaking; on != (live != 0) {
				t.Fatalf("phase %v with reply %d live", m.Phase(), live)
			}
		}
	})
}
