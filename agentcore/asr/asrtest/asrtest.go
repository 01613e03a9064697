// Package asrtest is the suite that every recogniser passes.
package asrtest

import (
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/wer"
	"github.com/hookswitch/hookswitch/media"
)

// Speech is something said, with which the suite tries a recogniser.
type Speech struct {
	Frames []media.Frame
	Text   string
	WER    float64 // the word error rate that is still good enough
}

// patience is how long the suite waits for a result.
const patience = 30 * time.Second

// Run checks that what open returns keeps the contract of [asr.Recognizer].
// open is called for each part of the suite; it cleans up by t.Cleanup. first
// and second are two different things said, a second or two long each.
func Run(t *testing.T, open func(t *testing.T) asr.Recognizer, first, second Speech) {
	s := suite{first, second}
	for _, c := range []struct {
		claim string
		check func(*testing.T, asr.Recognizer)
	}{
		{"OneFinalForEachEnded", s.oneFinalForEachEnded},
		{"EndedWithoutAPause", s.endedWithoutAPause},
		{"ResumedSpeechIsOneUtterance", s.resumed},
		{"FinalsKeepTheirOrder", s.order},
		{"NothingSaidIsAnEmptyFinal", s.nothingSaid},
		{"NobodyReads", s.nobodyReads},
		{"WriteAllocatesNothing", s.writeAllocatesNothing},
		{"CloseInMidUtterance", s.closeInMidUtterance},
		{"ManyCallsAtOnce", s.manyCalls},
	} {
		t.Run(c.claim, func(t *testing.T) { c.check(t, open(t)) })
	}
}

type suite struct{ first, second Speech }

// Call is an open stream, and what a test does with one.
type Call struct {
	asr.Stream
	t testing.TB
}

// Open opens a stream that is closed when the test ends.
func Open(t testing.TB, r asr.Recognizer, o asr.Options) Call {
	t.Helper()
	s, err := r.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("Open() = %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return Call{s, t}
}

// Say writes speech, with the signals of a detector that notices it after
// 60 ms.
func (c Call) Say(s Speech) {
	for i := range s.Frames {
		c.Write(&s.Frames[i])
		if i == 2 {
			c.Signal(asr.Began)
		}
	}
}

// Rest writes silence.
func (c Call) Rest(d time.Duration) {
	var f media.Frame
	for ; d > 0; d -= media.FrameDuration {
		c.Write(&f)
	}
}

// Pause is the end of an utterance as a detector sees it: 200 ms of silence,
// Paused, 300 ms more.
func (c Call) Pause() {
	c.Rest(200 * time.Millisecond)
	c.Signal(asr.Paused)
	c.Rest(300 * time.Millisecond)
}

// Final waits for the next final result. Interim ones before it are checked and
// forgotten.
func (c Call) Final() asr.Result {
	c.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case r, ok := <-c.Results():
			switch {
			case !ok:
				c.t.Fatal("the results are closed; a final one was owed")
			case r.Final:
				return r
			case r.Err != nil:
				c.t.Errorf("an interim result has an error: %v", r.Err)
			}
		case <-late.C:
			c.t.Fatalf("no final result in %v", patience)
		}
	}
}

// none checks that no further final result comes.
func (c Call) none() {
	c.t.Helper()
	quiet := time.NewTimer(200 * time.Millisecond)
	defer quiet.Stop()
	for {
		select {
		case r, ok := <-c.Results():
			if ok && r.Final {
				c.t.Errorf("a final result too many: %q", r.Text)
			}
			if !ok {
				return
			}
		case <-quiet.C:
			return
		}
	}
}

func check(t testing.TB, r asr.Result, said Speech) {
	t.Helper()
	if r.Err != nil {
		t.Errorf("result: %v", r.Err)
		return
	}
	if e := wer.Rate(said.Text, r.Text); e > said.WER {
		t.Errorf("%q was heard as %q: word error rate %.2f, want %.2f at most", said.Text, r.Text, e, said.WER)
	}
	if r.Queued < 0 || r.Took < 0 || r.Confidence < 0 || r.Confidence > 1 {
		t.Errorf("queued %v, took %v, confidence %v", r.Queued, r.Took, r.Confidence)
	}
}

func (s suite) oneFinalForEachEnded(t *testing.T, r asr.Recognizer) {
	c := Open(t, r, asr.Options{})
	for _, said := range []Speech{s.first, s.second} {
		c.Say(said)
		c.Pause()
		c.Signal(asr.Ended)
		check(t, c.Final(), said)
	}
	c.none()
}

func (s suite) endedWithoutAPause(t *testing.T, r asr.Recognizer) {
	c := Open(t, r, asr.Options{Language: "en-US"})
	c.Say(s.first)
	c.Signal(asr.Ended)
	check(t, c.Final(), s.first)
}

func (s suite) resumed(t *testing.T, r asr.Recognizer) {
	c := Open(t, r, asr.Options{})
	c.Say(s.first)
	c.Pause()
	c.Signal(asr.Resumed)
	for i := range s.second.Frames {
		c.Write(&s.second.Frames[i])
	}
	c.Pause()
	c.Signal(asr.Ended)
	check(t, c.Final(), Speech{Text: s.first.Text + " " + s.second.Text, WER: s.first.WER + s.second.WER})
	c.none()
}

func (s suite) order(t *testing.T, r asr.Recognizer) {
	c := Open(t, r, asr.Options{})
	for _, said := range []Speech{s.first, s.second} {
		c.Say(said)
		c.Pause()
		c.Signal(asr.Ended)
	}
	check(t, c.Final(), s.first)
	check(t, c.Final(), s.second)
	c.none()
}

func (s suite) nothingSaid(t *testing.T, r asr.Recognizer) {
	c := Open(t, r, asr.Options{})
	empty := func() {
		t.Helper()
		if r := c.Final(); r.Err != nil || r.Text != "" {
			t.Errorf("nothing was said, and heard as %q, %v", r.Text, r.Err)
		}
	}
	c.Signal(asr.Ended) // nobody began
	empty()
	c.Signal(asr.Began)
	c.Signal(asr.Ended) // no sound at all
	empty()
	c.Rest(time.Second)
	c.Signal(asr.Began)
	c.Pause()
	c.Signal(asr.Ended) // a false alarm
	empty()
	c.Signal(asr.Ended)
	c.Signal(asr.Ended)
	empty()
	empty()
	c.none()
}

// nobodyReads overfills a stream whose results nobody takes: the call goes on.
func (s suite) nobodyReads(t *testing.T, r asr.Recognizer) {
	c := Open(t, r, asr.Options{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 40 {
			c.Say(s.first)
			c.Pause()
			c.Signal(asr.Ended)
		}
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Error("Write or Signal blocks when nobody reads")
		c.Close()
		<-done
	}
}

func (s suite) writeAllocatesNothing(t *testing.T, r asr.Recognizer) {
	c := Open(t, r, asr.Options{})
	f := &s.first.Frames[len(s.first.Frames)/2]
	if n := testing.AllocsPerRun(200, func() { c.Write(f) }); n != 0 {
		t.Errorf("Write before speech: %v allocations", n)
	}
	c.Signal(asr.Began)
	if n := testing.AllocsPerRun(200, func() { c.Write(f) }); n != 0 {
		t.Errorf("Write in speech: %v allocations", n)
	}
}

func (s suite) closeInMidUtterance(t *testing.T, r asr.Recognizer) {
	c := Open(t, r, asr.Options{})
	c.Say(s.first)
	c.Pause()
	c.Signal(asr.Ended)
	if err := c.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	late := time.After(patience)
	for open := true; open; {
		select {
		case _, open = <-c.Results():
		case <-late:
			t.Fatal("Close left the results open")
		}
	}
	c.Write(&s.first.Frames[0]) // harmless
	c.Signal(asr.Ended)
	if err := c.Close(); err != nil {
		t.Errorf("the second Close() = %v", err)
	}
}

func (s suite) manyCalls(t *testing.T, r asr.Recognizer) {
	var wg sync.WaitGroup
	for i := range 4 {
		said := s.first
		if i%2 == 1 {
			said = s.second
		}
		wg.Go(func() {
			stream, err := r.Open(t.Context(), asr.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			c := Call{stream, t}
			c.Say(said)
			c.Pause()
			c.Signal(asr.Ended)
			for res := range c.Results() {
				if res.Final {
					check(t, res, said)
					break
				}
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
