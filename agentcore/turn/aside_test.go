package turn_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/turn"
)

var (
	aside     = turn.Event{Kind: turn.Aside}
	back      = turn.Event{Kind: turn.Back}
	message   = turn.Event{Kind: turn.MessageDue}
	screening = turn.Event{Kind: turn.ScreeningDue}
	menu      = turn.Event{Kind: turn.MenuDue}
	dismissed = turn.Event{Kind: turn.Dismissed}
	deaf      = turn.Event{Kind: turn.Deaf}
)

// A machine is on the line, and maybe a person after it.
func TestMachineOnTheLine(t *testing.T) {
	greeting := start(1, turn.Greeting)
	for _, tc := range []struct {
		name string
		in   []turn.Event
		want []turn.Action
		last turn.Phase
	}{
		{"the greeting is cut, and nothing is begun", []turn.Event{opened, audio(1), aside, quiet, silent},
			[]turn.Action{greeting, cancel(1)}, turn.Listening},
		{"its words are not answered", []turn.Event{opened, audio(1), began, ended, aside, words, key},
			[]turn.Action{greeting, cancel(1)}, turn.Listening},
		{"it speaks, and has the floor", []turn.Event{aside, began, ended}, nil, turn.Hearing},
		{"its noises bring nothing back", []turn.Event{opened, audio(1), aside, began, ended, nothing},
			[]turn.Action{greeting, cancel(1)}, turn.Listening},
		{"known before the line is open: no greeting", []turn.Event{aside, opened}, nil, turn.Listening},
		{"the line is open again: nothing is resumed", []turn.Event{aside, {Kind: turn.Reopened, Unanswered: true}}, nil, turn.Listening},
		{"a goodbye to a machine is none", []turn.Event{began, ended, words, audio(1), bye(1), aside, heard(1)},
			[]turn.Action{start(1, turn.Answer), cancel(1)}, turn.Listening},
		{"a reply that can't be cut is cut by it", []turn.Event{began, ended, words, hold(1), aside},
			[]turn.Action{start(1, turn.Answer), cancel(1)}, turn.Listening},
		{"it is hung up on", []turn.Event{opened, audio(1), dismissed, words},
			[]turn.Action{greeting, cancel(1), end(turn.ByMachine)}, turn.Over},

		{"the message is left, and the call ends", []turn.Event{aside, message, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Message), free(1), end(turn.ByMachine)}, turn.Over},
		{"the message comes at once", []turn.Event{opened, audio(1), message},
			[]turn.Action{greeting, cancel(1), start(2, turn.Message)}, turn.Thinking},
		{"due again: it is left once", []turn.Event{message, message, aside, screening, menu},
			[]turn.Action{start(1, turn.Message)}, turn.Thinking},
		{"due while the machine speaks: it is left all the same", []turn.Event{began, message},
			[]turn.Action{start(1, turn.Message)}, turn.Thinking},
		{"a noise over the message does not cut it", []turn.Event{message, audio(1), began, ended, words, key, keying, heard(1)},
			[]turn.Action{start(1, turn.Message), free(1), end(turn.ByMachine)}, turn.Over},
		{"the message fails", []turn.Event{message, failed(1)},
			[]turn.Action{start(1, turn.Message), cancel(1), end(turn.ByMachine)}, turn.Over},
		{"time is up amid the message", []turn.Event{message, audio(1), timeUp},
			[]turn.Action{start(1, turn.Message), cancel(1), end(turn.ByTime)}, turn.Over},

		{"a screener is told once who is calling, and then waited for", []turn.Event{aside, began, ended, words, screening, audio(1), heard(1), began, ended, words},
			[]turn.Action{start(1, turn.Screening), free(1)}, turn.Listening},
		{"a screener's words amid it are not answered behind it", []turn.Event{screening, audio(1), began, ended, words, heard(1)},
			[]turn.Action{start(1, turn.Screening), free(1)}, turn.Listening},
		{"a screener turns out to be a voicemail", []turn.Event{screening, audio(1), message, heard(2)},
			[]turn.Action{start(1, turn.Screening), cancel(1), start(2, turn.Message), free(2), end(turn.ByMachine)}, turn.Over},
		{"a screener can't be told", []turn.Event{screening, failed(1)},
			[]turn.Action{start(1, turn.Screening), cancel(1), end(turn.ByMachine)}, turn.Over},
		{"a menu gets its keys, and is waited for", []turn.Event{aside, menu, audio(1), heard(1), quiet},
			[]turn.Action{start(1, turn.Menu), free(1)}, turn.Listening},

		{"a person comes, and has said nothing: they are greeted", []turn.Event{opened, audio(1), aside, back, audio(2), heard(2)},
			[]turn.Action{greeting, cancel(1), start(2, turn.Greeting), free(2)}, turn.Listening},
		{"a person comes, whose words are awaited: they are answered", []turn.Event{aside, began, ended, back, words, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Answer), free(1)}, turn.Listening},
		{"a person comes, and it was a noise: greeted", []turn.Event{aside, began, ended, back, nothing},
			[]turn.Action{start(1, turn.Greeting)}, turn.Thinking},
		{"a person comes, whose words are known: answered", []turn.Event{aside, began, ended, words, back},
			[]turn.Action{start(1, turn.Answer)}, turn.Thinking},
		{"a person comes, and waits for an answer on record", []turn.Event{aside, {Kind: turn.Back, Unanswered: true}},
			[]turn.Action{start(1, turn.Answer)}, turn.Thinking},
		{"what was being thought of is thought of again", []turn.Event{began, ended, words, aside, back},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Answer)}, turn.Thinking},
		{"a person picks up amid the message: they are talked to", []turn.Event{message, audio(1), began, ended, back, words, audio(2), heard(2)},
			[]turn.Action{start(1, turn.Message), cancel(1), start(2, turn.Answer), free(2)}, turn.Listening},
		{"words amid the message were a person's: answered", []turn.Event{message, audio(1), began, ended, words, back},
			[]turn.Action{start(1, turn.Message), cancel(1), start(2, turn.Answer)}, turn.Thinking},
		{"who comes amid the greeting can talk over it", []turn.Event{aside, back, audio(1), began, ended, words},
			[]turn.Action{start(1, turn.Greeting), cancel(1), start(2, turn.Answer)}, turn.Thinking},
		{"silence rules again", []turn.Event{aside, back, audio(1), heard(1), quiet},
			[]turn.Action{start(1, turn.Greeting), free(1), start(2, turn.Prompt)}, turn.Thinking},
		{"a person where none was missed", []turn.Event{back}, nil, turn.Listening},
		{"a machine again", []turn.Event{aside, back, audio(1), aside, words},
			[]turn.Action{start(1, turn.Greeting), cancel(1)}, turn.Listening},

		{"deaf: a machine is not told, the message is left", []turn.Event{aside, deaf, message, heard(1)},
			[]turn.Action{start(1, turn.Message), free(1), end(turn.ByMachine)}, turn.Over},
		{"deaf: who comes is told", []turn.Event{aside, deaf, back, heard(1)},
			[]turn.Action{start(1, turn.Apology), free(1), end(turn.ByProvider)}, turn.Over},
		{"an apology to a machine is not said: it may be left a message", []turn.Event{began, ended, words, failed(1), audio(2), aside, message},
			[]turn.Action{start(1, turn.Answer), cancel(1), start(2, turn.Apology), cancel(2), start(3, turn.Message)}, turn.Thinking},
		{"an apology to a machine: who comes is told", []turn.Event{deaf, audio(1), aside, back},
			[]turn.Action{start(1, turn.Apology), cancel(1), start(2, turn.Apology)}, turn.Thinking},
		{"time is up while it waits", []turn.Event{aside, timeUp}, []turn.Action{end(turn.ByTime)}, turn.Over},
		{"what became of a transfer waits for a person", []turn.Event{aside, news, back, audio(1), heard(1)},
			[]turn.Action{start(1, turn.Greeting), free(1), start(2, turn.Tidings)}, turn.Thinking},
		{"nobody is handed over to a machine", []turn.Event{aside, leave, accepted, late}, nil, turn.Listening},
		{"who waits for a person gets them", []turn.Event{aside, accepted, back},
			[]turn.Action{start(1, turn.Connect)}, turn.Thinking},
		{"one who was about to leave stays", []turn.Event{began, ended, words, audio(1), leave, accepted, aside, late, heard(1)},
			[]turn.Action{start(1, turn.Answer), cancel(1)}, turn.Listening},
	} {
		t.Run(tc.name, func(t *testing.T) {
			checkSteps(t, turn.Machine{Greets: true, Prompts: true}, tc.in, tc.want, tc.last)
		})
	}
}

func TestWhoLetsThePersonBeginWaitsForThem(t *testing.T) {
	checkSteps(t, turn.Machine{}, []turn.Event{opened, aside, back}, nil, turn.Listening)
}
