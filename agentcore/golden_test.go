package agentcore_test

import (
	"bytes"
	"context"
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

// Tick implements handset.Handset.
func (s *script) Tick(now time.Duration, _, say *media.Frame) (out handset.Touch) {
	for _, sp := range s.speech {
		if now >= sp.at && now < sp.at+sp.long {
			agenttest.Code(say, sp.text, 0)
			syllable(say, now)
			if sp.text < 0 {
				say[0] = 9000 // loud, and says nothing
			}
		}
	}
	for _, h := range s.sounds {
		h.tick(say, now)
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
	s.ports = port
	ctx, cancel := context.WithCancelCause(t.Context())
	began := time.Now()
	pages := &agenttest.Pages{Port: port}
	voice := &agenttest.Speaker{First: 40 * time.Millisecond, Port: port}
	s.numbers = newNumbers()
	told := make(chan agentcore.News, 4)
	var withdrawn []string
	cfg := agentcore.Config{
		Call:      telephony.Call{ID: "c1", Epoch: 1, Direction: telephony.Inbound},
		Detector:  agenttest.Detector{},
		Voice:     voice,
		Variables: s.vars,
		Journal:   pages,
		News:      told,
		Secrets:   &agentcore.Secrets{},
		Observer:  s.numbers,
		Withdraw:  func(id string) { withdrawn = append(withdrawn, id) },
	}
	l := s.newLine(began, cancel)
	s.at(began, s.lose, func() { l.Lose(errors.New("connection reset")) })
	s.at(began, s.stall[0], func() { l.Stall(s.stall[1]) })
	s.at(began, s.over, func() { cancel(telephony.OverError{Reason: telephony.CallerHangup}) })
	for _, n := range s.news {
		s.at(began, n.at, func() { told <- n.News })
	}
	q := s.queue(began)
	cfg.Yield = q.anybody
	lines := []*line.Line{l}
	for {
		cfg.Recognizer = &agenttest.Hearer{Texts: s.texts, Lag: 80 * time.Millisecond, Port: port}
		sum, err := q.run(ctx, func(ctx context.Context) (agentcore.Summary, error) { return s.hold(ctx, t, cfg, l) })
		checkJournal(t, pages.Entries(), sum)
		switch {
		case errors.Is(err, agentcore.ErrReplaced) || sum.Yield:
			s.persona = s.cast[q.next()]
		case sum.Left && s.back != nil:
			time.Sleep(time.Until(began.Add(s.back.at)))
			s.takeBack(t, pages, sum, began)
			l = s.newLine(began, cancel)
			lines = append(lines, l)
			cfg.Call.Epoch++
		case errors.Is(err, telephony.ErrLost) && s.resume > 0 && sum.End == "":
			time.Sleep(time.Until(began.Add(s.resume)))
			s.resume = 0
			if q.came() { // meanwhile
				s.persona = s.cast[q.next()]
			}
			l = s.newLine(began, cancel)
			lines = append(lines, l)
			cfg.Call.Epoch++
		default:
			checkHeard(t, pages.Entries(), voice, lines...)
			s.numbers.check(t, pages.Entries())
			return render(pages.Entries(), sum, err) + withdrawals(withdrawn) + s.bridged(lines)
		}
		cfg.Past = pages.Entries()
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
		body := strings.Replace(fmt.Sprintf("%+v", e.Event), " Guessed:false", "", 1)
		if who, ok := e.Event.(agentcore.WhoAnswered); ok { // the weights are the judge's own
			body = fmt.Sprintf("{Class:%s AtMS:%d Aside:%v}", who.Class, who.AtMS, who.Aside)
		}
		if said, ok := e.Event.(agentcore.AgentSaid); ok && said.Parts != nil {
			parts := *said.Parts
			said.Parts = nil
			body = strings.Replace(fmt.Sprintf("%+v %+v", said, parts), " Guessed:false", "", 1)
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
