package agentcore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

var update = flag.Bool("update", false, "rewrite the golden conversations")

// TestGoldenConversations plays each testdata/*.call: a scripted caller and
// fake providers in, the journal with virtual times out. Read a change of these
// files as you would read prose: it is what a caller experiences.
func TestGoldenConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.call")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".call"), func(t *testing.T) {
			whole, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			script, want, _ := strings.Cut(string(whole), "---\n")
			s, err := parseScript(script)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			synctest.Test(t, func(t *testing.T) { got = s.play(t) })
			if *update {
				if err := os.WriteFile(file, []byte(script+"---\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want && (!s.unordered || byMoment(got) != byMoment(want)) {
				t.Errorf("the conversation went otherwise (-update rewrites it)\n got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// byMoment is a journal whose entries of one moment are sorted, without their
// numbers: of two goroutines that wake at the same time either may write first.
func byMoment(journal string) string {
	lines := strings.Split(journal, "\n")
	at := make([]string, len(lines)) // the moment
	for i, l := range lines {
		if f := strings.Fields(l); len(f) > 1 {
			if _, err := strconv.Atoi(f[0]); err == nil {
				at[i], lines[i] = f[1], strings.Join(f[1:], " ")
			}
		}
	}
	for i := 0; i < len(lines); {
		end := i + 1
		for end < len(lines) && at[end] != "" && at[end] == at[i] {
			end++
		}
		slices.Sort(lines[i:end])
		i = end
	}
	return strings.Join(lines, "\n")
}

// script is a conversation to be played.
type script struct {
	unordered bool // entries of one moment may come in any order
	agent     agentcore.Agent
	texts     []string
	speech    []speech
	touches   []touch
	answers   map[string]string
	faults    []fault
	lose      time.Duration
	stall     [2]time.Duration
	over      time.Duration
	model     time.Duration
	forget    bool // the carrier forgets to send marks back
	tools     []tools.Tool
	vars      vars.Set
	news      []news
	back      *news // what became of the transfer that the agent has left for; the caller is back
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
	s := &script{answers: map[string]string{}, model: 100 * time.Millisecond}
	for i, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l == "" || l[0] == '#' {
			continue
		}
		verb, rest, _ := strings.Cut(l, " ")
		if err := s.line(verb, rest); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return s, nil
}

func (s *script) line(verb, rest string) error {
	first, after, _ := strings.Cut(rest, " ")
	at, err := time.ParseDuration(first)
	switch verb {
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
	case "key":
		s.touches = append(s.touches, touch{at, handset.Touch{Digit: after[0]}})
	case "keys": // one each 400 ms
		for i := range len(after) {
			s.touches = append(s.touches, touch{at + time.Duration(i)*400*time.Millisecond, handset.Touch{Digit: after[i]}})
		}
	case "hangup":
		s.touches = append(s.touches, touch{at, handset.Touch{Hangup: true}})
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

// whatBecame is "accepted", or OUTCOME LABEL: REASON.
func whatBecame(text string) agentcore.News {
	outcome, rest, _ := strings.Cut(text, " ")
	if outcome == "accepted" {
		return agentcore.News{Transfer: "x1", Accepted: true}
	}
	label, reason, _ := strings.Cut(rest, ": ")
	return agentcore.News{Transfer: "x1", Over: &agentcore.TransferOver{
		Transfer: "x1", To: label, Outcome: outcome, Reason: reason, TookMS: 20000,
	}}
}

// Tick implements handset.Handset.
func (s *script) Tick(now time.Duration, _, say *media.Frame) (out handset.Touch) {
	for _, sp := range s.speech {
		if now >= sp.at && now < sp.at+sp.long {
			agenttest.Code(say, sp.text, 0)
			if sp.text < 0 {
				say[0] = 9000 // loud, and says nothing
			}
		}
	}
	for _, h := range s.touches {
		if h.at >= now && h.at < now+media.FrameDuration {
			out = h.Touch
		}
	}
	return out
}

// port lets the script's faults hit.
func (s *script) port() agenttest.Port {
	var mu sync.Mutex
	count := map[string]int{}
	return func(ctx context.Context, op string, effect func() error) error {
		mu.Lock()
		count[op]++
		n := count[op]
		mu.Unlock()
		for _, f := range s.faults {
			if f.op != op || f.n != n {
				continue
			}
			select {
			case <-time.After(f.delay):
			case <-ctx.Done():
				return ctx.Err()
			}
			if f.fail {
				return errors.New("provider: 503")
			}
		}
		return effect()
	}
}

func (s *script) play(t *testing.T) string {
	port := s.port()
	ctx, cancel := context.WithCancelCause(t.Context())
	began := time.Now()
	pages := &agenttest.Pages{Port: port}
	voice := &agenttest.Speaker{First: 40 * time.Millisecond, Port: port}
	told := make(chan agentcore.News, 4)
	var withdrawn []string
	cfg := agentcore.Config{
		Call:      telephony.Call{ID: "c1", Epoch: 1, Direction: telephony.Inbound},
		Agent:     s.agent,
		Detector:  agenttest.Detector{},
		Model:     &agenttest.Thinker{Answers: s.answers, Delay: s.model, Port: port},
		Voice:     voice,
		Tools:     append(s.tools, tools.EndCall()),
		Variables: s.vars,
		Journal:   pages,
		News:      told,
		Withdraw:  func(id string) { withdrawn = append(withdrawn, id) },
	}
	l := s.newLine(began, cancel)
	s.at(began, s.lose, func() { l.Lose(errors.New("connection reset")) })
	s.at(began, s.stall[0], func() { l.Stall(s.stall[1]) })
	s.at(began, s.over, func() { cancel(telephony.OverError{Reason: telephony.CallerHangup}) })
	for _, n := range s.news {
		s.at(began, n.at, func() { told <- n.News })
	}
	lines := []*line.Line{l}
	var sum agentcore.Summary
	for {
		var leg telephony.Leg = l
		if s.forget {
			leg = forgetful{l}
		}
		cfg.Recognizer = &agenttest.Hearer{Texts: s.texts, Lag: 80 * time.Millisecond, Port: port}
		c, err := agentcore.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		sum, err = c.Run(ctx, leg)
		checkJournal(t, pages.Entries(), sum)
		if !sum.Left || s.back == nil {
			checkHeard(t, pages.Entries(), voice, lines...)
			return render(pages.Entries(), sum, err) + withdrawals(withdrawn)
		}
		time.Sleep(time.Until(began.Add(s.back.at)))
		s.takeBack(t, pages, sum, began)
		l = s.newLine(began, cancel)
		lines = append(lines, l)
		cfg.Past, cfg.Call.Epoch = pages.Entries(), cfg.Call.Epoch+1
	}
}

// newLine is one more leg of the call. The caller's times go on.
func (s *script) newLine(began time.Time, cancel context.CancelCauseFunc) *line.Line {
	since := time.Since(began)
	caller := handset.Func(func(now time.Duration, hear, say *media.Frame) handset.Touch {
		return s.Tick(now+since, hear, say)
	})
	return line.New(line.Config{Handset: caller, Uplink: 10 * time.Millisecond, Downlink: 10 * time.Millisecond, OnHangup: func() {
		cancel(telephony.OverError{Reason: telephony.CallerHangup})
	}})
}

// at does something at a time of the call, unless that is zero.
func (s *script) at(began time.Time, at time.Duration, do func()) {
	if at > 0 {
		time.AfterFunc(time.Until(began.Add(at)), do)
	}
}

// takeBack is what the desk does when nobody took the call: it writes down why,
// before the next leg is connected.
func (s *script) takeBack(t *testing.T, pages *agenttest.Pages, sum agentcore.Summary, began time.Time) {
	t.Helper()
	e := agentcore.Entry{
		N: sum.Last + 1, Version: agentcore.JournalVersion, At: time.Since(began), Wall: time.Now(),
		Sync: true, Event: *s.back.Over,
	}
	s.back = nil
	if err := pages.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func withdrawals(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return fmt.Sprintf("withdrawn: %s\n", strings.Join(ids, ", "))
}

// forgetful is a line whose marks get lost.
type forgetful struct{ *line.Line }

func (f forgetful) Mark(uint32) error { return nil }

// render writes a journal for people.
func render(entries []agentcore.Entry, sum agentcore.Summary, err error) string {
	var b bytes.Buffer
	for _, e := range entries {
		body := fmt.Sprintf("%+v", e.Event)
		if said, ok := e.Event.(agentcore.AgentSaid); ok && said.Parts != nil {
			parts := *said.Parts
			said.Parts = nil
			body = fmt.Sprintf("%+v %+v", said, parts)
		}
		fmt.Fprintf(&b, "%2d %6d %-14s %s\n", e.N, e.At.Milliseconds(), e.Event.Kind(), body)
	}
	if sum.Left {
		fmt.Fprintf(&b, "left after %v, error: %v\n", sum.Lasted.Round(time.Millisecond), err)
		return b.String()
	}
	fmt.Fprintf(&b, "end %q after %v, error: %v\n", sum.End, sum.Lasted.Round(time.Millisecond), err)
	return b.String()
}
