package turn_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/turn"
)

// The agent hands the call to somebody else, or has the caller back.
func TestHandingOver(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   []turn.Event
		want []turn.Action
		last turn.Phase
	}{
		{"it says that it connects them, and leaves", []turn.Event{began, ended, words, audio(1), leave, heard(1), words},
			[]turn.Action{start(1, turn.Answer), free(1), left}, turn.Over},
		{"the caller speaks before it has left: it stays", []turn.Event{began, ended, words, audio(1), leave, began, ended, words, audio(2), heard(2)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Answer), free(2)}, turn.Listening},
		{"a noise over its last sentence: it is said, and it leaves", []turn.Event{began, ended, words, audio(1), leave, began, ended, nothing, audio(2), heard(2)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Resume), free(2), left}, turn.Over},
		{"a noise cut it before the tool was done: it is said, and it leaves", []turn.Event{began, ended, words, audio(1), began, leave, ended, nothing, audio(2), heard(2)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Resume), free(2), left}, turn.Over},
		{"nobody speaks when the tool is done: it leaves", []turn.Event{leave}, []turn.Action{left}, turn.Over},
		{"what it would say fails: it leaves all the same", []turn.Event{began, ended, words, leave, failed(1)},
			[]turn.Action{start(1, turn.Answer), cancel(1), left}, turn.Over},
		{"time is up: the caller is handed over all the same", []turn.Event{began, ended, words, leave, timeUp},
			[]turn.Action{start(1, turn.Answer), cancel(1), left}, turn.Over},
		{"words over a held last sentence: it stays and answers", []turn.Event{began, ended, words, hold(1), leave, audio(1), began, ended, words, heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1), start(2, turn.Answer)}, turn.Thinking},

		{"accepted while nobody speaks: it says so and leaves", []turn.Event{accepted, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Connect), free(1), left}, turn.Over},
		{"accepted while it speaks: after its sentence", []turn.Event{began, ended, words, audio(1), accepted, heard(1), audio(2), heard(2)},
			[]turn.Action{start(1, turn.Answer), free(1), start(2, turn.Connect), free(2), left}, turn.Over},
		{"accepted, and its sentence is long: cut", []turn.Event{began, ended, words, audio(1), accepted, late, heard(2)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Connect), free(2), left}, turn.Over},
		{"accepted while it thinks: no need to", []turn.Event{began, ended, words, accepted},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Connect)}, turn.Thinking},
		{"accepted while a tool holds the line: not before it is done", []turn.Event{began, ended, words, hold(1), accepted},
			[]turn.Action{start(1, turn.Answer)}, turn.Thinking},
		{"accepted while the caller speaks: when they have finished", []turn.Event{began, accepted, ended},
			[]turn.Action{start(1, turn.Connect)}, turn.Thinking},
		{"accepted, and the caller goes on and on", []turn.Event{began, accepted, late, audio(1), ended, words, heard(1)},
			[]turn.Action{start(1, turn.Connect), free(1), left}, turn.Over},
		{"the caller speaks over it: it can't be cut", []turn.Event{accepted, audio(1), began, ended, words, late, heard(1)},
			[]turn.Action{start(1, turn.Connect), free(1), left}, turn.Over},
		{"it can't say so: it leaves all the same", []turn.Event{accepted, failed(1)},
			[]turn.Action{start(1, turn.Connect), cancel(1), left}, turn.Over},
		{"its answer breaks while somebody waits: no apology, they are connected", []turn.Event{began, ended, words, audio(1), accepted, failed(1)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Connect)}, turn.Thinking},
		{"accepted during an apology: they are connected after it", []turn.Event{began, ended, words, failed(1), audio(2), accepted, heard(2)},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Apology), free(2), start(3, turn.Connect)}, turn.Thinking},
		{"accepted during a goodbye: the call ends", []turn.Event{began, ended, words, audio(1), bye(1), accepted, late, heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1), end(turn.ByAgent)}, turn.Over},
		{"who accepted hangs up while it says so: the caller is told", []turn.Event{accepted, audio(1), news, heard(1), audio(2), heard(2)},
			[]turn.Action{start(1, turn.Connect), free(1), start(2, turn.Tidings), free(2)}, turn.Listening},
		{"who accepted hangs up while the caller speaks: they are answered, and told with it", []turn.Event{began, accepted, news, ended, words, late},
			[]turn.Action{start(1, turn.Answer)}, turn.Thinking},
		{"late, and nobody waits any more", []turn.Event{late}, nil, turn.Listening},

		{"nobody answered: the caller is told at once", []turn.Event{news, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Tidings), free(1)}, turn.Listening},
		{"nobody answered, while it speaks: it ends its reply first", []turn.Event{began, ended, words, audio(1), news, heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1), start(2, turn.Tidings)}, turn.Thinking},
		{"nobody answered, while the caller speaks: the answer tells", []turn.Event{began, news, ended, words, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1)}, turn.Listening},
		{"nobody answered, while the caller makes a noise: told after it", []turn.Event{began, news, ended, nothing},
			[]turn.Action{start(1, turn.Tidings)}, turn.Thinking},
		{"a noise while it thinks what to tell: it thinks again", []turn.Event{news, began, ended, nothing},
			[]turn.Action{start(1, turn.Tidings), cancel(1), start(2, turn.Tidings)}, turn.Thinking},
		{"a noise while it tells: it says the rest", []turn.Event{news, audio(1), began, ended, nothing, audio(2), heard(2)},
			[]turn.Action{start(1, turn.Tidings), cancel(1), start(2, turn.Resume), free(2)}, turn.Listening},
		{"a noise when it has only said that it takes a moment: it thinks again", []turn.Event{news, audio(1), {Kind: turn.SpeechBegan, Unanswered: true}, ended, nothing},
			[]turn.Action{start(1, turn.Tidings), cancel(1), start(2, turn.Tidings)}, turn.Thinking},
		{"the caller speaks while it tells: they are answered", []turn.Event{news, audio(1), began, ended, words, audio(2), heard(2)},
			[]turn.Action{start(1, turn.Tidings), cancel(1), start(2, turn.Answer), free(2)}, turn.Listening},
		{"the line is back with news, somebody waits for an answer: one reply to both", []turn.Event{{Kind: turn.News, Unanswered: true}, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1)}, turn.Listening},
		{"called off before it left: it stays", []turn.Event{began, ended, words, audio(1), leave, news, heard(1), audio(2), heard(2)},
			[]turn.Action{start(1, turn.Answer), free(1), start(2, turn.Tidings), free(2)}, turn.Listening},
	} {
		t.Run(tc.name, func(t *testing.T) {
			checkSteps(t, turn.Machine{Prompts: true}, tc.in, tc.want, tc.last)
		})
	}
}
