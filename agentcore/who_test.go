package agentcore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// Every conversation with a person goes as it does when nobody asks who answered,
// to the millisecond.
func TestAPersonNoticesNothing(t *testing.T) {
	files, err := filepath.Glob("testdata/*.call")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	verdict := regexp.MustCompile(`(?m)^ *\d+ +\d+ who_answered .*\n`)
	number := regexp.MustCompile(`(?m)^ *\d+ `)
	played := 0
	for _, file := range files {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, want, _ := strings.Cut(string(whole), "---\n")
		if strings.Contains(file, "who_") || strings.Contains(file, "floor_") || strings.Contains(text, "fault journal") {
			continue // a floor is handed over within a frame of the moment
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".call"), func(t *testing.T) {
			s, err := parseScript(text)
			if err != nil {
				t.Fatal(err)
			}
			s.who = &agentcore.Answering{Act: true, Message: "Call us back.", Screener: "It is us.", OnMenu: agentcore.MenuHangUp}
			var got string
			synctest.Test(t, func(t *testing.T) { got = s.play(t) })
			plain := func(journal string) string {
				return number.ReplaceAllString(byMoment(verdict.ReplaceAllString(journal, "")), "")
			}
			if strings.Contains(got, "Aside:true") {
				t.Errorf("a person is taken for a machine:\n%s", got)
			}
			if plain(got) != plain(want) {
				t.Errorf("it went otherwise\n got:\n%s\nwant:\n%s", got, want)
			}
			played++
		})
	}
	if played < 50 {
		t.Errorf("only %d conversations were played", played)
	}
}

var errDied = errors.New("the process died")

// mortal is a journal of a process that dies when so many entries are committed.
type mortal struct {
	*agenttest.Pages
	left int
	die  func()
}

func (m *mortal) Append(ctx context.Context, entries ...agentcore.Entry) error {
	n := min(len(entries), m.left)
	if err := m.Pages.Append(ctx, entries[:n]...); err != nil {
		return err
	}
	if m.left -= n; m.left > 0 {
		return nil
	}
	m.die()
	return errDied
}

// The process dies behind every entry of a call with a voicemail: whatever it was
// about to do, the message is begun at most once, a verdict on record is not asked
// for again, and the call ends.
func TestAMessageIsLeftAtMostOnceWhateverDies(t *testing.T) {
	const text = `greeting Hello, this is the front desk.
answering act
message Hello, this is the front desk. Please call us back.
caller 500ms 5s hello you have reached the voicemail of Ann please leave a message after the tone
tone 6200ms 400ms 1000
`
	died := map[string]bool{} // behind entries of these kinds
	for n := 1; ; n++ {
		over := false
		t.Run(fmt.Sprint("behind entry ", n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := parseScript(text)
				if err != nil {
					t.Fatal(err)
				}
				past := s.dieBehind(t, n)
				last := past[len(past)-1]
				if _, over = last.Event.(agentcore.Ended); over {
					return
				}
				died[last.Event.Kind()] = true
				time.Sleep(500 * time.Millisecond)
				s.goOn(t, past)
			})
		})
		if over {
			break
		}
	}
	for _, kind := range []string{"opened", "who_answered", "message_began", "agent_said"} {
		if !died[kind] {
			t.Errorf("it never died behind %s: %v", kind, died)
		}
	}
}

// dieBehind plays the script until n entries are committed.
func (s *script) dieBehind(t *testing.T, n int) []agentcore.Entry {
	ctx, cancel := context.WithCancelCause(t.Context())
	pages := &agenttest.Pages{}
	cfg := s.answeringConfig(&mortal{pages, n, func() { cancel(errDied) }})
	l := line.New(line.Config{Handset: handset.Func(s.Tick)})
	if _, err := s.hold(ctx, t, cfg, l); err != nil && !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	return pages.Entries()
}

// goOn goes on with a call whose process died, and checks how it ends.
func (s *script) goOn(t *testing.T, past []agentcore.Entry) {
	pages := &agenttest.Pages{}
	if err := pages.Append(t.Context(), past...); err != nil {
		t.Fatal(err)
	}
	before, err := agentcore.Resume(past)
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.answeringConfig(pages)
	cfg.Past, cfg.Call.Epoch = past, 2
	l := line.New(line.Config{})
	sum, err := s.hold(t.Context(), t, cfg, l)
	entries := pages.Entries()
	checkJournal(t, entries, sum)
	if err != nil || sum.End == "" {
		t.Fatalf("Run() = %+v, %v, want an end", sum, err)
	}
	if class := before.Answer.Class; class.Machine() && sum.End != telephony.Voicemail {
		t.Errorf("with %s on record the call ends %q", class, sum.End)
	}
	for _, e := range entries[len(past):] {
		if who, is := e.Event.(agentcore.WhoAnswered); is && before.Answer.Class != "" && who.Class == before.Answer.Class {
			t.Errorf("%s was on record, and is found out again", who.Class)
		}
	}
	begun := false
	for _, e := range past {
		_, is := e.Event.(agentcore.MessageBegan)
		begun = begun || is
	}
	after, err := agentcore.Resume(entries)
	if err != nil {
		t.Fatal(err)
	}
	if left := after.Answer.Whole; before.Answer.Class.Machine() && left == begun && !before.Answer.Whole {
		t.Errorf("the message had begun: %v; it was left: %v", begun, left)
	}
}

func (s *script) answeringConfig(j agentcore.Journal) agentcore.Config {
	return agentcore.Config{
		Call:       telephony.Call{ID: "c1", Epoch: 1, Direction: telephony.Outbound},
		Recognizer: &agenttest.Hearer{Texts: s.texts, Lag: 80 * time.Millisecond}, Detector: agenttest.Detector{},
		Voice: &agenttest.Speaker{First: 40 * time.Millisecond}, Journal: j,
	}
}

// told is an Observer who remembers who answered.
type told struct{ all []string }

func (o *told) WhoAnswered(class string, after time.Duration) {
	o.all = append(o.all, fmt.Sprint(class, ", after some time: ", after > time.Second))
}
func (o *told) MessageLeft(whole bool)                { o.all = append(o.all, fmt.Sprint("left whole: ", whole)) }
func (*told) CallBegan(string)                        {}
func (*told) CallEnded(string, string, time.Duration) {}
func (*told) TurnTook(_, _, _, _, _, _ time.Duration) {}
func (*told) TalkedOver(time.Duration)                {}
func (*told) RecogniserQueued(time.Duration)          {}
func (*told) FrameDropped(string)                     {}
func (*told) ProviderFailed(string)                   {}
func (*told) TalkOverUndone()                         {}
func (*told) CutIn()                                  {}
func (*told) ToolTook(string, bool, time.Duration)    {}
func (*told) Paced(_, _ time.Duration)                {}

// Numbers of who answered, and of what was left.
func TestTheObserverIsToldWhoAnswered(t *testing.T) {
	for script, want := range map[string][]string{
		"who_voicemail_beep":    {"voicemail_greeting, after some time: true", "voicemail_beep, after some time: true", "left whole: true"},
		"who_picked_up_message": {"voicemail_greeting, after some time: true", "voicemail_beep, after some time: true", "human, after some time: true", "left whole: false"},
		"who_human":             {"human, after some time: true"},
		"whole_call":            nil,
	} {
		whole, err := os.ReadFile("testdata/" + script + ".call")
		if err != nil {
			t.Fatal(err)
		}
		text, _, _ := strings.Cut(string(whole), "---\n")
		synctest.Test(t, func(t *testing.T) {
			s, err := parseScript(text)
			if err != nil {
				t.Fatal(err)
			}
			seen := &told{}
			cfg := s.answeringConfig(&agenttest.Pages{})
			cfg.Observer = seen
			if _, err := s.hold(t.Context(), t, cfg, line.New(line.Config{Handset: handset.Func(s.Tick)})); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(seen.all, want) {
				t.Errorf("%s: told %q, want %q", script, seen.all, want)
			}
		})
	}
}

// A machine that nothing is to be done about any more: the process died between
// the verdict and the end.
func TestAMachineOnRecordIsHungUpOn(t *testing.T) {
	for class, want := range map[answer.Class]telephony.EndReason{
		answer.MailboxFull: telephony.Voicemail, answer.Fax: telephony.Voicemail, answer.Unavailable: telephony.Voicemail,
		answer.Greeting: telephony.Voicemail, answer.Beeped: telephony.Voicemail, answer.Human: telephony.Silence, answer.Unknown: telephony.Silence,
	} {
		synctest.Test(t, func(t *testing.T) {
			s, err := parseScript("answering act")
			if err != nil {
				t.Fatal(err)
			}
			pages := &agenttest.Pages{}
			now := time.Now()
			past := []agentcore.Entry{
				{N: 1, Version: 1, Wall: now, Event: agentcore.Opened{Epoch: 1}},
				{N: 2, Version: 1, Wall: now, Event: agentcore.WhoAnswered{Verdict: answer.Verdict{Class: class}, Aside: class.Machine()}},
			}
			if err := pages.Append(t.Context(), past...); err != nil {
				t.Fatal(err)
			}
			cfg := s.answeringConfig(pages)
			cfg.Past, cfg.Call.Epoch = past, 2
			sum, err := s.hold(t.Context(), t, cfg, line.New(line.Config{}))
			if err != nil || sum.End != want {
				t.Errorf("%s on record: Run() = %+v, %v, want the end %q", class, sum, err, want)
			}
		})
	}
}
