package turn_test

import (
	"slices"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/turn"
)

// What happens, in the words of the tables.
var (
	began    = turn.Event{Kind: turn.SpeechBegan}
	ended    = turn.Event{Kind: turn.SpeechEnded}
	words    = turn.Event{Kind: turn.Words}
	nothing  = turn.Event{Kind: turn.Nothing}
	key      = turn.Event{Kind: turn.Key}
	keying   = turn.Event{Kind: turn.Keying}
	quiet    = turn.Event{Kind: turn.Quiet}
	silent   = turn.Event{Kind: turn.Silent}
	opened   = turn.Event{Kind: turn.Opened}
	timeUp   = turn.Event{Kind: turn.TimeUp}
	leave    = turn.Event{Kind: turn.LeaveAsked}
	accepted = turn.Event{Kind: turn.Accepted}
	late     = turn.Event{Kind: turn.Late}
	news     = turn.Event{Kind: turn.News}
)

// What happens to reply n.
func audio(n int) turn.Event  { return turn.Event{Kind: turn.ReplyAudio, Reply: n} }
func heard(n int) turn.Event  { return turn.Event{Kind: turn.ReplyHeard, Reply: n} }
func failed(n int) turn.Event { return turn.Event{Kind: turn.ReplyFailed, Reply: n} }
func hold(n int) turn.Event   { return turn.Event{Kind: turn.Held, Reply: n} }
func bye(n int) turn.Event    { return turn.Event{Kind: turn.EndAsked, Reply: n} }

// What is done.
var left = turn.Action{Kind: turn.Leave}

func start(n int, why turn.Why) turn.Action { return turn.Action{Kind: turn.Start, Reply: n, Why: why} }
func cancel(n int) turn.Action              { return turn.Action{Kind: turn.Cancel, Reply: n} }
func free(n int) turn.Action                { return turn.Action{Kind: turn.Release, Reply: n} }
func end(c turn.Cause) turn.Action          { return turn.Action{Kind: turn.End, Cause: c} }

// checkSteps tells m all of in, and compares what it does and where it is then.
func checkSteps(t *testing.T, m turn.Machine, in []turn.Event, want []turn.Action, last turn.Phase) {
	t.Helper()
	var got []turn.Action
	for _, e := range in {
		got = m.Step(got, e)
	}
	if !slices.Equal(got, want) {
		t.Errorf("actions = %v\nwant      %v", got, want)
	}
	if m.Phase() != last {
		t.Errorf("phase = %v, want %v", m.Phase(), last)
	}
}
