package agentcore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/digits"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// script is a conversation to be played.
type script struct {
	*persona  // who is being described, or has the floor
	cast      map[string]*persona
	unordered bool // entries of one moment may come in any order
	texts     []string
	speech    []speech
	touches   []touch
	faults    []fault
	lose      time.Duration
	resume    time.Duration // a lost line is back; zero: never
	stall     [2]time.Duration
	over      time.Duration
	numbers   *numbers // what is told of the call, once it is played
	model     time.Duration
	forget    bool // the carrier forgets to send marks back
	vars      vars.Set
	floors    []floor
	ports     agenttest.Port // lets the faults hit; of the play
	news      []news
	sounds    []heardTone
	back      *news // what became of the transfer that the agent has left for; the caller is back
}

// persona is somebody who can have the floor.
type persona struct {
	name    string // the job that it has the floor for; empty: the call's own agent
	agent   agentcore.Agent
	answers map[string]string
	tools   []tools.Tool
	mind    *agenttest.Thinker // once it has talked
	far     *farEnd            // it is somewhere else
	who     *agentcore.Answering
	nobody  bool
}

// floor is somebody's coming for the floor.
type floor struct {
	at    time.Duration
	who   string
	waits bool // for who has it to leave; else they take it at once
}

// news are what becomes of a transfer.
type news struct {
	at time.Duration
	agentcore.News
}

type speech struct {
	at, long time.Duration
	text     int // -1: a noise
}

type touch struct {
	at time.Duration
	handset.Touch
}

// fault hits the nth operation of a kind.
type fault struct {
	op    string
	n     int
	delay time.Duration
	fail  bool
}

func parseScript(text string) (*script, error) {
	s := &script{cast: map[string]*persona{}, model: 100 * time.Millisecond}
	s.describe("own").name = ""
	for i, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l == "" || l[0] == '#' {
			continue
		}
		verb, rest, _ := strings.Cut(l, " ")
		if err := s.line(verb, rest); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	s.persona = s.cast["own"]
	for _, f := range s.floors {
		if s.cast[f.who] == nil {
			return nil, fmt.Errorf("%q comes for the floor, and nobody is called that", f.who)
		}
	}
	return s, nil
}

// describe makes the lines that follow be about the one of that name.
func (s *script) describe(name string) *persona {
	s.persona = &persona{name: name, agent: agentcore.Agent{Name: name}, answers: map[string]string{}}
	s.cast[name] = s.persona
	return s.persona
}

func (s *script) line(verb, rest string) error {
	first, after, _ := strings.Cut(rest, " ")
	at, err := time.ParseDuration(first)
	switch verb {
	case "agent": // the lines that follow are about this one
		s.describe(rest)
		return nil
	case "bridge": // an agent somewhere else, who answers each sound with a tone
		s.describe(rest).far = newFarEnd()
		return nil
	case "nobody":
		s.describe("nobody").nobody = true
		return nil
	case "greeting":
		s.agent.Greeting = rest
		return nil
	case "unordered":
		s.unordered = true
		return nil
	case "stillthere":
		s.agent.StillThere = rest
		return nil
	case "answer":
		part, reply, ok := strings.Cut(rest, " ->")
		if !ok {
			return errors.New("answer PART -> REPLY")
		}
		s.answers[part] = strings.TrimSpace(reply)
		return nil
	case "fault":
		f := strings.Fields(rest)
		n, err := strconv.Atoi(f[1])
		if err != nil {
			return err
		}
		d, err := time.ParseDuration(f[3])
		s.faults = append(s.faults, fault{f[0], n, d, f[2] == "fail"})
		return err
	case "forget":
		s.forget = true
		return nil
	case "tool":
		return s.tool(strings.Fields(rest))
	case "transfer":
		return s.transfer(rest)
	case "collect_digits", "play_dtmf":
		return s.keys(verb, rest)
	case "answering":
		s.who = &agentcore.Answering{Act: rest == "act"}
		return nil
	case "message":
		s.who.Message = rest
		return nil
	case "screener":
		s.who.Screener = rest
		return nil
	case "onmenu":
		s.who.OnMenu, s.who.MenuKeys, _ = strings.Cut(rest, " ")
		return nil
	case "onhold":
		s.who.OnHold = rest
		return nil
	case "carrier":
		s.who.Carrier = rest
		return nil
	case "voicemail_detection":
		t := tools.VoicemailDetection(s.who.Message, false, false)
		s.tools = append(s.tools, t)
		return nil
	case "connecting":
		s.agent.Connecting = rest
		return nil
	case "var":
		name, value, ok := strings.Cut(rest, "=")
		if !ok {
			return errors.New("var NAME=VALUE")
		}
		if s.vars == nil {
			s.vars = vars.Set{}
		}
		s.vars[name] = value
		return nil
	case "prompt":
		s.agent.Prompt = rest
		return nil
	}
	if err != nil {
		return err
	}
	switch verb {
	case "caller", "noise":
		long, text, _ := strings.Cut(after, " ")
		d, err := time.ParseDuration(long)
		sp := speech{at, d, -1}
		if verb == "caller" {
			sp.text = len(s.texts)
			s.texts = append(s.texts, text)
		}
		s.speech = append(s.speech, sp)
		return err
	case "tone", "music":
		s.sounds = append(s.sounds, newHeardTone(verb, at, after))
	case "key":
		s.touches = append(s.touches, touch{at, handset.Touch{Digit: after[0]}})
	case "keys": // one each 400 ms
		for i := range len(after) {
			s.touches = append(s.touches, touch{at + time.Duration(i)*400*time.Millisecond, handset.Touch{Digit: after[i]}})
		}
	case "hangup":
		s.touches = append(s.touches, touch{at, handset.Touch{Hangup: true}})
	case "replaced", "waits": // by whom; who
		s.floors = append(s.floors, floor{at, after, verb == "waits"})
	case "far": // hangs up, or is lost
		s.far.leaves = &departure{at, map[string]error{"hangs up": nil, "lost": errFarLost}[after]}
	case "resume":
		s.resume = at
	case "lose":
		s.lose = at
	case "over":
		s.over = at
	case "stall":
		s.stall[0] = at
		s.stall[1], err = time.ParseDuration(after)
	case "news":
		s.news = append(s.news, news{at, whatBecame(after)})
	case "back":
		s.back = &news{at, whatBecame(after)}
	case "silence":
		s.agent.Silence = at
	case "silenceend":
		s.agent.SilenceEnd = at
	case "maxduration":
		s.agent.MaxDuration = at
	case "model":
		s.model = at
	default:
		return fmt.Errorf("unknown verb %q", verb)
	}
	return err
}

// tool is NAME ok|fail DURATION TRAIT... NAME=VALUE...: one that takes that long
// and sets those variables. The traits are unsafe, hold, first and a time limit.
func (s *script) tool(f []string) error {
	long, err := time.ParseDuration(f[2])
	if err != nil {
		return err
	}
	traits, assigned := tools.Traits{Safe: true}, vars.Set{}
	for _, word := range f[3:] {
		name, value, assigns := strings.Cut(word, "=")
		limit, noTime := time.ParseDuration(word)
		switch {
		case assigns:
			assigned[name] = value
		case word == "unsafe":
			traits.Safe = false
		case word == "hold":
			traits.Hold = true
		case word == "first":
			traits.SpeakFirst = true
		case noTime == nil:
			traits.Timeout = limit
		default:
			return fmt.Errorf("unknown trait %q", word)
		}
	}
	t, err := tools.Func(llm.Tool{Name: f[0]}, traits, func(ctx context.Context, _ tools.Invocation) (tools.Result, error) {
		select {
		case <-time.After(long):
		case <-ctx.Done():
			return tools.Result{}, ctx.Err()
		}
		if f[1] == "fail" {
			return tools.Result{}, errors.New("no such booking")
		}
		return tools.Result{Text: f[0] + " done", Assigned: assigned}, nil
	})
	s.tools = append(s.tools, t)
	return err
}

// transfer is KIND LABEL: a tool of that kind's name that hands the call on, as x1.
func (s *script) transfer(rest string) error {
	kind, label, _ := strings.Cut(rest, " ")
	r := tools.Result{Text: "dialling " + label, Handed: tools.Handed{ID: "x1", To: label, Kind: kind}}
	if kind == "blind" {
		r.Text, r.Leave = "say that you connect them", true
	}
	t, err := tools.Func(llm.Tool{Name: kind}, tools.Traits{Safe: true}, func(context.Context, tools.Invocation) (tools.Result, error) {
		time.Sleep(200 * time.Millisecond) // the desk writes, and the carrier is asked
		return r, nil
	})
	s.tools = append(s.tools, t)
	return err
}

// keys are the parameters of one of the tools for keys.
func (s *script) keys(name, parameters string) error {
	made, err := digits.Of(roster.Definition{SystemTools: map[string]roster.SystemTool{
		name: {Active: true, Parameters: json.RawMessage(parameters)},
	}})
	s.tools = append(s.tools, made...)
	return err
}

// whatBecame is "answerer WORD", "accepted", or OUTCOME LABEL: REASON.
func whatBecame(text string) agentcore.News {
	outcome, rest, _ := strings.Cut(text, " ")
	if outcome == "answerer" {
		return agentcore.News{Answerer: rest}
	}
	if outcome == "accepted" {
		return agentcore.News{Transfer: "x1", Accepted: true}
	}
	label, reason, _ := strings.Cut(rest, ": ")
	return agentcore.News{Transfer: "x1", Over: &agentcore.TransferOver{
		Transfer: "x1", To: label, Outcome: outcome, Reason: reason, TookMS: 20000,
	}}
}
