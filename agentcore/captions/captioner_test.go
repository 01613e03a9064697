package captions_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/telephony"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

func check(t *testing.T, got, want []line) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("captions:\n%v\nwant:\n%v", got, want)
	}
}

// The caller is recognised; what our agent said is told by the journal, as much
// of it as was heard, and no recogniser is spent on it.
func TestBothSidesOfACallOfOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("what are your hours", "we are closed")
		go func() {
			d.at(0, agentcore.Opened{Agent: "Ann"})
			d.at(2*sec, agentcore.Planned{Reply: 1, Text: "From eight to five."}, agentcore.Planned{Reply: 1, Phrase: 1, Text: "On Saturdays we close."})
			d.at(4*sec, agentcore.Heard{Reply: 1, Text: "From eight to five."})
			d.at(5*sec, agentcore.Heard{Reply: 1, Phrase: 1, Text: "On Saturdays", Cut: true})
			d.at(5*sec+100*ms, agentcore.AgentSaid{Reply: 1, Text: "From eight to five. On Saturdays", Unheard: "we close.", StartMS: 2100, EndMS: 5000, Cut: true})
			d.at(8*sec, agentcore.Ended{Reason: telephony.CallerHangup})
		}()
		ear := &call{caller: []voice{{500 * ms, sec, 0}}, agent: []voice{{2100 * ms, 3 * sec, 1}}, lasts: 8 * sec}
		if err := run(t, d.config(ear)); err != nil {
			t.Errorf("Run() = %v", err)
		}
		check(t, d.lines(), []line{
			{captions.Caller, "", "what are your hours", 500 * ms, 1500 * ms},
			{captions.Agent, "Ann", "From eight to five. On Saturdays", 2100 * ms, 5 * sec},
		})
		if opened, open := d.heard.look(); opened != 1 || open != 0 {
			t.Errorf("%d recognisers were opened and %d are open; want one, for the caller, and none", opened, open)
		}
		for _, c := range d.book.all {
			if c.Call != "c1" || c.Job != "AJ_1" || c.Agent != "live-captions" {
				t.Errorf("%+v names another call, job or listener", c)
			}
		}
		want := []string{"From eight to five.", "From eight to five. On Saturdays"}
		if got := texts(d.interims); !slices.Equal(got, want) {
			t.Errorf("shown meanwhile: %q, want %q", got, want)
		}
	})
}

func texts(all []captions.Interim) (out []string) {
	for _, i := range all {
		out = append(out, i.Text)
	}
	return out
}

// A LiveKit agent is heard through a recogniser, as nobody else tells its words.
func TestBridgedAgentIsRecognised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("hello there", "hi")
		d.at(0, agentcore.Opened{Agent: "Ann"}, agentcore.FloorTaken{Job: "AJ_9", Agent: "helper", By: "worker"})
		ear := &call{agent: []voice{{sec, sec, 0}}, caller: []voice{{3 * sec, sec, 1}}, lasts: 6 * sec}
		close(d.entries)
		if err := run(t, d.config(ear)); err != nil {
			t.Errorf("Run() = %v", err)
		}
		check(t, d.lines(), []line{
			{captions.Agent, "helper", "hello there", sec, 2 * sec},
			{captions.Caller, "", "hi", 3 * sec, 4 * sec},
		})
	})
}

// Of who talks after a transfer nothing is known but the sound. While it rings,
// the agent's last words are the journal's alone.
func TestPersonAfterATransfer(t *testing.T) {
	for _, how := range []string{"blind", "warm"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk("I connect you", "Sales, good morning", "I need a price")
				go func() {
					d.at(0, agentcore.Opened{Agent: "Ann"})
					d.at(sec, agentcore.TransferBegan{Transfer: "x1", To: "Sales", How: how})
					d.at(1100*ms, agentcore.Planned{Reply: 1, Text: "I connect you"})
					d.at(2700*ms, agentcore.AgentSaid{Reply: 1, Text: "I connect you", StartMS: 1200, EndMS: 2200})
				}()
				ear := &call{
					agent:  []voice{{1200 * ms, sec, 0}, {6 * sec, sec, 1}},
					caller: []voice{{8 * sec, sec, 2}},
					holes:  []voice{{at: 2800 * ms, lasts: 2 * sec}},
					lasts:  12 * sec,
				}
				if err := run(t, d.config(ear)); err != nil {
					t.Errorf("Run() = %v", err)
				}
				check(t, d.lines(), []line{
					{captions.Agent, "Ann", "I connect you", 1200 * ms, 2200 * ms},
					{captions.Person, "", "Sales, good morning", 6 * sec, 7 * sec},
					{captions.Caller, "", "I need a price", 8 * sec, 9 * sec},
				})
			})
		})
	}
}

// When the transfer is over the agent has the caller again, and its words come
// from the journal again.
func TestAgentIsBackAfterATransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("Sales", "They are busy")
		go func() {
			d.at(0, agentcore.Opened{Agent: "Ann"}, agentcore.TransferBegan{Transfer: "x1", How: "blind"})
			d.at(5*sec, agentcore.TransferOver{Transfer: "x1", Outcome: "completed"}, agentcore.Opened{Agent: "Ann"})
			d.at(6*sec, agentcore.Planned{Reply: 2, Text: "They are busy"})
			d.at(8*sec, agentcore.AgentSaid{Reply: 2, Text: "They are busy", StartMS: 6500, EndMS: 7500}, agentcore.Ended{})
		}()
		ear := &call{agent: []voice{{2 * sec, sec, 0}, {6500 * ms, sec, 1}}, lasts: 8 * sec}
		if err := run(t, d.config(ear)); err != nil {
			t.Errorf("Run() = %v", err)
		}
		check(t, d.lines(), []line{
			{captions.Person, "", "Sales", 2 * sec, 3 * sec},
			{captions.Agent, "Ann", "They are busy", 6500 * ms, 7500 * ms},
		})
	})
}

// Who joins in the middle of a call knows from the journal so far who talks.
func TestJoinsInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("never")
		cfg := d.config(&call{agent: []voice{{sec, sec, 0}}, lasts: 4 * sec})
		cfg.Past = []agentcore.Entry{
			d.entry(agentcore.Opened{Agent: "Ann"}), d.entry(agentcore.AgentSaid{Reply: 1, Text: "Welcome"}),
			d.entry(agentcore.Planned{Reply: 2, Text: "Hello"}),
		}
		d.entries <- cfg.Past[1] // what is in both was said before
		go d.at(2*sec, agentcore.AgentSaid{Reply: 2, Text: "Hello", StartMS: 1000, EndMS: 2000}, agentcore.Ended{})
		if err := run(t, cfg); err != nil {
			t.Errorf("Run() = %v", err)
		}
		check(t, d.lines(), []line{{captions.Agent, "Ann", "Hello", sec, 2 * sec}})
		if opened, _ := d.heard.look(); opened != 0 {
			t.Errorf("%d recognisers were opened for words that the journal tells", opened)
		}
	})
}

// An agent that is replaced, or whose line is lost, in the middle of a reply has
// said what was heard of it, and nothing of what was planned.
func TestOnlyWhatWasHeardIsSaid(t *testing.T) {
	for name, last := range map[string]agentcore.Event{
		"replaced":  agentcore.FloorTaken{Job: "AJ_2", Agent: "Bob", By: "own"},
		"line lost": agentcore.Lost{Cause: "gone"},
		"hung up":   agentcore.Ended{Reason: telephony.CallerHangup},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk()
				d.at(0, agentcore.Opened{Agent: "Ann"}, agentcore.Planned{Reply: 1, Text: "One."}, agentcore.Planned{Reply: 1, Phrase: 1, Text: "Two."})
				go func() {
					d.at(sec, agentcore.Heard{Reply: 1, Text: "One."})
					d.at(2*sec, last)
				}()
				if err := run(t, d.config(&call{lasts: 3 * sec})); err != nil {
					t.Errorf("Run() = %v", err)
				}
				check(t, d.lines(), []line{{captions.Agent, "Ann", "One.", 0, 2 * sec}})
			})
		})
	}
}

// A quiet call costs no recogniser, and one that has fallen silent gives its own
// back after half a minute.
func TestSilenceCostsNoRecogniser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("one", "two")
		d.at(0, agentcore.FloorTaken{By: "worker"})
		ear := &call{caller: []voice{{10 * sec, sec, 0}, {70 * sec, sec, 1}}, agent: []voice{{40 * sec, sec, 0}}, lasts: 75 * sec}
		seen := map[time.Duration]int{}
		go func() {
			for _, at := range []time.Duration{9 * sec, 20 * sec, 39 * sec, 45 * sec, 69 * sec, 74 * sec} {
				time.Sleep(time.Until(d.began.Add(at)))
				_, seen[at] = d.heard.look()
			}
		}()
		if err := run(t, d.config(ear)); err != nil {
			t.Errorf("Run() = %v", err)
		}
		synctest.Wait()
		want := map[time.Duration]int{9 * sec: 0, 20 * sec: 1, 39 * sec: 1, 45 * sec: 1, 69 * sec: 1, 74 * sec: 1}
		for at, n := range want {
			if seen[at] != n {
				t.Errorf("after %v %d recognisers are open, want %d", at, seen[at], n)
			}
		}
		if opened, open := d.heard.look(); opened != 3 || open != 0 {
			t.Errorf("%d were opened and %d are open, want 3 and 0", opened, open)
		}
		if n := len(d.lines()); n != 3 {
			t.Errorf("%d captions, want 3", n)
		}
	})
}

// The words at the very end of a call are waited for.
func TestLastWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("goodbye")
		d.at(0, agentcore.Opened{})
		if err := run(t, d.config(&call{caller: []voice{{sec, sec, 0}}, lasts: 2 * sec})); err != nil {
			t.Errorf("Run() = %v", err)
		}
		check(t, d.lines(), []line{{captions.Caller, "", "goodbye", sec, 2 * sec}})
	})
}

// So are the journal's: they are committed when the line is let go.
func TestLastEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.at(0, agentcore.Opened{Agent: "Ann"}, agentcore.Planned{Reply: 1, Text: "Goodbye."})
		go d.at(2400*ms, agentcore.AgentSaid{Reply: 1, Text: "Goodbye.", StartMS: 1000, EndMS: 1900}, agentcore.Ended{})
		if err := run(t, d.config(&call{lasts: 2 * sec})); err != nil {
			t.Errorf("Run() = %v", err)
		}
		check(t, d.lines(), []line{{captions.Agent, "Ann", "Goodbye.", sec, 1900 * ms}})
		if took := time.Since(d.began); took != 2400*ms {
			t.Errorf("it took until %v, want no longer than the journal", took)
		}
	})
}

// A slow recogniser's words are those of the utterance that they belong to.
func TestWordsThatComeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("one", "two", "three")
		d.heard.Recognizer.(*agenttest.Hearer).Lag = 2500 * ms
		d.at(0, agentcore.Opened{})
		ear := &call{caller: []voice{{sec, sec / 2, 0}, {2500 * ms, sec / 2, 1}, {4 * sec, sec / 2, 2}}, lasts: 5 * sec}
		if err := run(t, d.config(ear)); err != nil {
			t.Errorf("Run() = %v", err)
		}
		check(t, d.lines(), []line{
			{captions.Caller, "", "one", sec, 1500 * ms},
			{captions.Caller, "", "two", 2500 * ms, 3 * sec},
			{captions.Caller, "", "three", 4 * sec, 4500 * ms},
		})
	})
}

// Who does not know who talks listens; what the journal then tells was not said
// twice.
func TestAgentThatIsOnlyThenKnownToBeOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("hallow")
		go d.at(2100*ms, agentcore.AgentSaid{Reply: 1, Text: "Hello", StartMS: 1000, EndMS: 2000})
		if err := run(t, d.config(&call{agent: []voice{{sec, sec, 0}}, lasts: 4 * sec})); err != nil {
			t.Errorf("Run() = %v", err)
		}
		check(t, d.lines(), []line{{captions.Agent, "", "Hello", sec, 2 * sec}})
	})
}

// An agent that is taken off is gone in less than three seconds, with what was
// said until then on record.
func TestTakenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("one moment")
		d.at(0, agentcore.Opened{})
		c, err := captions.New(d.config(&call{caller: []voice{{sec, 5 * sec, 0}}, lasts: time.Hour}))
		if err != nil {
			t.Fatal(err)
		}
		gone := errors.New("the dispatch was deleted")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { time.Sleep(2 * sec); cancel(gone) }()
		if err := c.Run(ctx); !errors.Is(err, gone) {
			t.Errorf("Run() = %v, want the cause", err)
		}
		if took := time.Since(d.began); took > 4900*ms {
			t.Errorf("it took %v to leave", took-2*sec)
		}
		check(t, d.lines(), []line{{captions.Caller, "", "one moment", sec, 2 * sec}})
	})
}

// A line that falls silent without a word ends what was being said on it.
func TestLineThatStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("before", "after")
		d.at(0, agentcore.Opened{})
		ear := &call{caller: []voice{{sec, sec, 0}, {62 * sec, sec, 1}}, holes: []voice{{at: 2 * sec, lasts: 60 * sec}}, lasts: 65 * sec}
		early := 0
		go func() { time.Sleep(10 * sec); early = len(d.lines()) }()
		if err := run(t, d.config(ear)); err != nil {
			t.Errorf("Run() = %v", err)
		}
		synctest.Wait()
		if early != 1 {
			t.Errorf("%d captions while the line stalls, want what was said before", early)
		}
		check(t, d.lines(), []line{
			{captions.Caller, "", "before", sec, 2 * sec},
			{captions.Caller, "", "after", 62 * sec, 63 * sec},
		})
	})
}

// Who talks without a break is written down all the same.
func TestEndlessTalker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk("on and on", "with a breath")
		d.at(0, agentcore.Opened{})
		ear := &call{caller: []voice{{0, 70 * sec, 0}, {80 * sec, 16 * sec, 1}, {96300 * ms, 4 * sec, 1}}, lasts: 104 * sec}
		if err := run(t, d.config(ear)); err != nil {
			t.Errorf("Run() = %v", err)
		}
		check(t, d.lines(), []line{
			{captions.Caller, "", "on and on", 0, 30 * sec},
			{captions.Caller, "", "on and on", 30 * sec, 60 * sec},
			{captions.Caller, "", "on and on", 60 * sec, 70 * sec},
			{captions.Caller, "", "with a breath", 80 * sec, 96 * sec},
			{captions.Caller, "", "with a breath", 96300 * ms, 100300 * ms},
		})
	})
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	_, err := captions.New(captions.Config{})
	for _, field := range []string{"Recognizer", "Detector", "Ear", "Store"} {
		if err == nil || !slices.Contains(lines(err), "captions: Config."+field+" is required") {
			t.Errorf("New() = %v, want it to name %s", err, field)
		}
	}
}

func lines(err error) (all []string) {
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		all = append(all, e.Error())
	}
	return all
}
