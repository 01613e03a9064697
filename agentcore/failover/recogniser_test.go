package failover

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

func ears(all ...*ear) asr.Recognizer {
	var c Config[asr.Recognizer]
	for _, e := range all {
		c.Candidates = append(c.Candidates, Candidate[asr.Recognizer]{Port: e})
	}
	return &recogniser{newList(provider.Recogniser, c.Candidates), 3500 * time.Millisecond}
}

// caller speaks to a stream as a call does: a frame each 20 ms.
type caller struct {
	asr.Stream
	t testing.TB
}

func dial(t *testing.T, tr *told, r asr.Recognizer) caller {
	t.Helper()
	s, err := r.Open(tr.trace(t.Context()), asr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return caller{s, t}
}

func (c caller) write(f *media.Frame) {
	c.Write(f)
	time.Sleep(media.FrameDuration)
}

// say says the words, 400 ms each, noticed after 60 ms, and 500 ms of silence.
func (c caller) say(codes ...int) {
	for i, code := range codes {
		for n, f := range word(code, 20) {
			c.write(&f)
			if i == 0 && n == 2 {
				c.Signal(asr.Began)
			}
		}
	}
	c.rest(200 * time.Millisecond)
	c.Signal(asr.Paused)
	c.rest(300 * time.Millisecond)
	c.Signal(asr.Ended)
}

func (c caller) rest(d time.Duration) {
	for ; d > 0; d -= media.FrameDuration {
		c.write(&media.Frame{})
	}
}

// finals are the final results until the stream is quiet for 30 s or closed.
func (c caller) finals() (out []string) {
	for {
		select {
		case r, ok := <-c.Results():
			switch {
			case !ok:
				return append(out, "closed")
			case r.Err != nil:
				out = append(out, fmt.Sprint(provider.ClassOf(r.Err)))
			case r.Final:
				out = append(out, r.Text)
			}
		case <-time.After(30 * time.Second):
			return out
		}
	}
}

// Whatever becomes of an utterance on the first recogniser, and of the next on
// the second, each Ended has one final result: the words, if anybody is left.
func TestEveryUtteranceHasOneFinalResult(t *testing.T) {
	long := []fate{heard}
	for _, tt := range []struct {
		claim  string
		a, b   []fate
		want   []string
		traced []string
	}{
		{"nothing fails", long, long, []string{"w1 w2", "w3", "w4"}, nil},
		{"one utterance fails", []fate{failed, heard}, long, []string{"w1 w2", "w3", "w4"}, []string{"a -> b"}},
		{"it breaks upon the first", []fate{broken, heard}, long, []string{"w1 w2", "w3", "w4"}, []string{"a -> b"}},
		{"it breaks upon the second", []fate{heard, broken}, long, []string{"w1 w2", "w3", "w4"}, []string{"a -> b"}},
		{"it is closed without a word", []fate{heard, cut}, long, []string{"w1 w2", "w3", "w4"}, []string{"a -> b"}},
		{"it dies in mid-word", []fate{heard, dies}, long, []string{"w1 w2", "w3", "w4"}, []string{"a -> b"}},
		{"it never answers", []fate{silent}, long, []string{"w1 w2", "w3", "w4"}, []string{"a -> b"}},
		{"it answers too late", []fate{tardy}, long, []string{"w1 w2", "w3", "w4"}, []string{"a -> b"}},
		{"both fail on one", []fate{failed, heard}, []fate{failed, heard}, []string{"unavailable", "w3", "w4"}, []string{"a -> b"}},
		{"each fails in its turn", []fate{heard, failed, heard}, []fate{heard, failed}, []string{"w1 w2", "w3", "w4"}, []string{"a -> b", "b -> a"}},
		{"both never answer", []fate{silent}, []fate{silent}, []string{"timeout", "timeout", "timeout"}, []string{"a -> b", "b -> a", "a -> b"}},
		{"both die for good", []fate{broken}, []fate{broken}, []string{"unavailable", "unavailable", "unavailable"}, []string{"a -> b", "b -> a", "a -> b", "b -> a", "a -> b", "b -> a"}},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var tr told
				a, b := &ear{name: "a", fates: tt.a}, &ear{name: "b", fates: tt.b}
				c := dial(t, &tr, ears(a, b))
				go func() {
					c.rest(time.Second)
					c.say(1, 2)
					c.rest(12 * time.Second)
					c.say(3)
					c.rest(12 * time.Second)
					c.say(4)
				}()
				got := c.finals()
				if fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("results %q, want %q", got, tt.want)
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				tr.check(t, tt.traced...)
				for _, e := range []*ear{a, b} {
					if _, open := e.opened(); open != 0 {
						t.Errorf("%d streams of %s are left open", open, e.name)
					}
				}
				time.Sleep(time.Minute) // the caller's goroutine
			})
		})
	}
}

// Utterances that wait in a row are all played to the next, each in its place.
func TestUtterancesThatWaitAreReplayedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr told
		c := dial(t, &tr, ears(&ear{name: "a", fates: []fate{silent}}, &ear{name: "b", room: 40}))
		go func() {
			c.say(1)
			c.say(2, 3)
			c.say(4)
		}()
		if got := fmt.Sprint(c.finals()); got != "[w1 w2 w3 w4]" {
			t.Errorf("results %s", got)
		}
		c.Close()
		tr.check(t, "a -> b")
	})
}

// A list of one survives a connection that is cut, if it had been good for
// something.
func TestOneThatDidWellIsOpenedAnew(t *testing.T) {
	for claim, tt := range map[string]struct {
		fates []fate
		want  string
		opens int
	}{
		"cut after a result":     {[]fate{heard, broken, heard}, "[w1 w2 w3]", 2},
		"cut at once":            {[]fate{broken}, "[unavailable closed]", 1},
		"cut again and again":    {[]fate{heard, broken, broken}, "[w1 unavailable unavailable closed]", 3},
		"one utterance it fails": {[]fate{failed, heard}, "[unavailable w2 w3]", 1},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var tr told
				a := &ear{name: "a", fates: tt.fates}
				c := dial(t, &tr, ears(a))
				go func() {
					for n := 1; n <= 3; n++ {
						c.say(n)
						c.rest(time.Second)
					}
				}()
				if got := fmt.Sprint(c.finals()); got != tt.want {
					t.Errorf("results %s, want %s", got, tt.want)
				}
				if all, _ := a.opened(); all != tt.opens {
					t.Errorf("opened %d times, want %d", all, tt.opens)
				}
				c.Close()
				time.Sleep(time.Minute)
			})
		})
	}
}

// A network that is down while nobody speaks ends no call, unless it is still
// down when somebody does.
func TestANetworkMayBeDownWhileNobodySpeaks(t *testing.T) {
	for claim, tt := range map[string]struct {
		dials, back bool
		want        string
	}{
		"it comes back in time":             {false, true, "[w1 w2 w3]"},
		"it is down for good":               {false, false, "[w1 unavailable closed]"},
		"streams fail, and it comes back":   {true, true, "[w1 w2 w3]"},
		"streams fail, and it doesn't come": {true, false, "[w1 unavailable closed]"},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var tr told
				a, b := &ear{name: "a", dials: tt.dials}, &ear{name: "b", dials: tt.dials, refuse: down("b")}
				c := dial(t, &tr, ears(a, b))
				go func() {
					c.say(1)
					c.rest(15 * time.Second)
					a.set(down("a"))
					c.rest(10 * time.Second)
					if tt.back {
						a.set(nil)
					}
					c.say(2)
					c.say(3)
				}()
				if got := fmt.Sprint(c.finals()); got != tt.want {
					t.Errorf("results %s, want %s", got, tt.want)
				}
				c.Close()
				if len(tr.all) < 3 || len(tr.all) > 5 {
					t.Errorf("the trace was told %q", tr.all)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

// Words that come when they were given up already are nobody's, least of all the
// next utterance's.
func TestWordsThatComeTooLateAreIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr told
		c := dial(t, &tr, ears(&ear{name: "a", fates: []fate{tardy, heard}}))
		go func() {
			c.say(1)
			c.rest(7 * time.Second)
			c.say(2)
		}()
		if got := fmt.Sprint(c.finals()); got != "[timeout w2]" {
			t.Errorf("results %s", got)
		}
		c.Close()
	})
}

// Who can't be opened is passed over; when nobody can, the trace says so and the
// results are closed.
func TestThoseThatCannotBeOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr told
		c := dial(t, &tr, ears(&ear{name: "a", refuse: down("a")}, &ear{name: "b"}))
		go c.say(1)
		if got := fmt.Sprint(c.finals()); got != "[w1]" {
			t.Errorf("results %s", got)
		}
		c.Close()
		tr.check(t, "a -> b")

		tr = told{}
		c = dial(t, &tr, ears(&ear{name: "a", refuse: down("a")}, &ear{name: "b", refuse: down("b")}))
		if got := fmt.Sprint(c.finals()); got != "[unavailable closed]" {
			t.Errorf("results %s", got)
		}
		if c.Write(&media.Frame{}) {
			t.Error("a dead stream takes frames")
		}
		c.Signal(asr.Ended)
		c.Close()
		tr.check(t, "a -> b")
	})
	if _, err := Recognizer(Config[asr.Recognizer]{}).Open(t.Context(), asr.Options{}); !errors.Is(err, errNobody) {
		t.Errorf("Open of an empty list = %v", err)
	}
}

// Two that fall silent cost one utterance, and not the next as well: the third
// hears it from its beginning.
func TestTheThirdHearsWhatComesNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr told
		c := dial(t, &tr, ears(&ear{name: "a", fates: []fate{silent}}, &ear{name: "b", fates: []fate{silent}}, &ear{name: "c"}))
		at := make(chan time.Time, 1)
		go func() {
			c.say(1)
			c.rest(8 * time.Second)
			c.say(2)
			at <- time.Now()
		}()
		var got []string
		for r := range c.Results() {
			if r.Final {
				got = append(got, fmt.Sprint(r.Text, provider.ClassOf(r.Err)))
			}
			if len(got) == 2 {
				break
			}
		}
		if want := "[timeout w2unavailable]"; fmt.Sprint(got) != want {
			t.Errorf("results %q, want %q", got, want)
		}
		if d := time.Since(<-at); d > time.Second {
			t.Errorf("the second took %v", d)
		}
		c.Close()
		tr.check(t, "a -> b", "b -> c")
	})
}

// A stream that dies of what it was given up for says why: the reason goes into
// the journal, and not only that it was closed.
func TestTheReasonOfADeathIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var why []provider.Class
		ctx := provider.WithTrace(t.Context(), provider.Trace{Replaced: func(r provider.Replacement) { why = append(why, provider.ClassOf(r.Err)) }})
		a := &ear{name: "a", fates: []fate{silent}}
		s, err := ears(a).Open(ctx, asr.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := caller{s, t}
		go func() {
			c.say(1)
			c.rest(8 * time.Second)
			a.streams[0].work <- job{fate: refused}
		}()
		var last error
		for r := range c.Results() {
			last = r.Err
		}
		if got := provider.ClassOf(last); got != provider.Auth {
			t.Errorf("it died of %q (%v), %v; want auth", got, last, why)
		}
		c.Close()
	})
}
