package server_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	classes "github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// asBabble makes a gateway that is a process of its own understand the personas
// that are built in: see [babble].
const asBabble = "SERVER_TEST_BABBLE"

func babbleSpeech(ctx context.Context) (*server.Speech, error) {
	b := newBabble()
	for _, name := range persona.Builtins() {
		p, err := persona.Builtin(name)
		if err != nil {
			return nil, err
		}
		if _, err := p.Prepare(ctx, persona.Sound{Voice: b.voice}); err != nil {
			return nil, err
		}
	}
	return understandsBabble(b, &toned{})(ctx)
}

// vigil is a town whose agent calls a voicemail.
type vigil struct {
	*town
	public string
	socket *os.File
	first  *exec.Cmd
	who    *farEnd
	call   *sim.Call
}

func newVigil(t *testing.T, parameters string) *vigil {
	t.Helper()
	v := &vigil{who: player(newBabble().script(t, "voicemail"))}
	v.town = newTown(t, sim.Knobs{}, nil, func(string) roster.Definition {
		d := shopkeeper("Front Desk", parameters)
		d.LLM = receptionist("Front Desk").LLM // who asks a model does so elsewhere
		return d
	})
	v.env = []string{asBabble + "=1"}
	v.public, v.socket = v.town.socket()
	key := v.calls(v.public, &caller{})
	v.carrier.Register(calledNumber, sim.Phone{Answer: handset.Answer{After: time.Second}, Make: func() handset.Handset { return v.who }})
	v.first = v.gateway(v.public, v.socket)
	if status, _, _, err := v.asks(v.public, key); err != nil || status/100 != 2 {
		t.Fatalf("a call: %d, %v", status, err)
	}
	within(t, 20*time.Second, "the call", func() bool {
		for _, c := range v.carrier.Calls() {
			v.call = c
		}
		return v.call != nil && v.call.Streaming()
	})
	return v
}

// dies kills the gateway, starts another, and waits until that one has told how
// the call ended.
func (v *vigil) dies() {
	v.t.Helper()
	v.kill(v.first)
	killed := time.Now()
	second := v.gateway(v.public, v.socket)
	within(v.t, time.Minute, "the end", func() bool { return v.record(v.call).Over() })
	v.delivered(v.call, killed)
	v.closedOnce(v.call, telephony.Voicemail)
	v.stop(second)
	v.t.Logf("the far end has %v, and heard the agent at %v", v.who.tones(leaveHertz), v.who.Evidence().Agent)
}

// began is how often a message was, on record.
func (v *vigil) began() (n int) {
	for _, e := range v.journal(v.call) {
		if _, ok := e.(agentcore.MessageBegan); ok {
			n++
		}
	}
	return n
}

// vigilMessage is how long the message is that a vigil's agent leaves.
var vigilMessage = time.Duration(len(strings.Replace(left, "Ada", "there", 1))) * agentLetter

// onceWhole checks that the far end has the whole message, and has it once.
func (v *vigil) onceWhole() {
	v.t.Helper()
	if d := v.who.length(leaveHertz); d < vigilMessage-60*time.Millisecond || d > vigilMessage+40*time.Millisecond || v.began() != 1 {
		v.t.Errorf("the far end has %v of a message of %v, on record it began %d times", d, vigilMessage, v.began())
	}
}

// Whenever a gateway dies, a message is left once at most.
func TestWhoeverDiesAMessageIsLeftOnce(t *testing.T) {
	t.Parallel()
	atOnce(t,
		claim{"killed before a message leaves it once", killedBeforeAMessage},
		claim{"killed amid a message leaves it once", killedAmidAMessage},
		claim{"killed after a message leaves it once", killedAfterAMessage},
	)
}

// A gateway dies when it knows that it talks to a voicemail, and has left nothing
// yet: the next one need not find out again, and leaves the message.
func killedBeforeAMessage(t *testing.T) {
	v := newVigil(t, leaving)
	v.wrote(v.call, "a verdict", func(e agentcore.Event) bool {
		who, ok := e.(agentcore.WhoAnswered)
		return ok && who.Class == classes.Greeting
	})
	v.dies()
	v.onceWhole()
	greetings := 0
	for _, e := range v.journal(v.call) {
		if who, ok := e.(agentcore.WhoAnswered); ok && who.Class == classes.Greeting {
			greetings++
		}
	}
	if greetings != 1 {
		t.Errorf("it was found out %d times that there is a greeting", greetings)
	}
}

// A gateway dies while it leaves a message: what is left is left, and the next one
// says nothing more.
func killedAmidAMessage(t *testing.T) {
	v := newVigil(t, longMessage)
	within(t, 30*time.Second, "the message", func() bool { return len(v.who.tones(leaveHertz)) > 0 })
	v.dies()
	messages := v.who.tones(leaveHertz)
	if len(messages) != 1 || v.began() != 1 {
		t.Fatalf("the far end has %v, on record they began %d times", messages, v.began())
	}
	for _, s := range v.who.Evidence().Agent {
		if s.Begin > messages[0].End {
			t.Errorf("the message was cut at %v, and the agent spoke from %v on", messages[0].End, s.Begin)
		}
	}
}

// A gateway dies when it has left its message, and may not know yet that it was
// heard: nothing is left again.
func killedAfterAMessage(t *testing.T) {
	v := newVigil(t, leaving)
	within(t, 40*time.Second, "all of the message", func() bool {
		return v.who.length(leaveHertz) > vigilMessage-60*time.Millisecond
	})
	v.dies()
	v.onceWhole()
}
