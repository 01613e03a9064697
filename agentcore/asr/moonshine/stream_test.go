package moonshine

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slow hears the length of the sound, in tenths of a second, after lag.
type slow struct {
	lag   time.Duration
	fails error
	runs  *atomic.Int32 // how many it has finished
}

func (e slow) transcribe(pcm []int16, _ *expected, stop func() bool) (heard, error) {
	for range 10 {
		if stop() {
			return heard{}, errStopped
		}
		time.Sleep(e.lag / 10)
	}
	e.runs.Add(1)
	return heard{fmt.Sprint(len(pcm) * 10 / media.Rate), 1}, e.fails
}

func (slow) close() error { return nil }

// slowly opens a recogniser of one slow engine, in a synctest bubble.
func slowly(t *testing.T, e slow, c Config) *Recognizer {
	t.Helper()
	r := newRecognizer(c, []engine{e}, func() error { return nil })
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return r
}

// tone is d of sound.
func tone(d time.Duration) asrtest.Speech {
	s := asrtest.Speech{Frames: make([]media.Frame, d/media.FrameDuration)}
	for i := range s.Frames {
		for k := range s.Frames[i] {
			s.Frames[i][k] = int16(2000 * (1 - k%2*2))
		}
	}
	return s
}

func TestAGuessMadeInThePauseIsTheFinalResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		c := asrtest.Open(t, slowly(t, slow{lag: 200 * time.Millisecond, runs: &runs}, Config{}), asr.Options{})
		c.Say(tone(time.Second))
		c.Pause()
		time.Sleep(300 * time.Millisecond)
		interim := <-c.Results()
		began := time.Now()
		c.Signal(asr.Ended)
		r := c.Final()
		if d := time.Since(began); d != 0 || interim.Final || interim.Text != r.Text || r.Text == "" || runs.Load() != 1 {
			t.Errorf("after %v: %+v, then %+v, %d runs; want the guess at once", d, interim, r, runs.Load())
		}
		if r.Took != 200*time.Millisecond {
			t.Errorf("took %v, want 200 ms", r.Took)
		}
	})
}

func TestAGuessInProgressIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		c := asrtest.Open(t, slowly(t, slow{lag: 500 * time.Millisecond, runs: &runs}, Config{}), asr.Options{})
		c.Say(tone(time.Second))
		c.Pause()
		began := time.Now()
		time.Sleep(300 * time.Millisecond)
		c.Signal(asr.Ended)
		if r := c.Final(); r.Text == "" || time.Since(began) != 500*time.Millisecond || runs.Load() != 1 {
			t.Errorf("%+v after %v and %d runs, want the guess after 500 ms", r, time.Since(began), runs.Load())
		}
	})
}

func TestGoingOnSupersedesTheGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		c := asrtest.Open(t, slowly(t, slow{lag: 500 * time.Millisecond, runs: &runs}, Config{}), asr.Options{})
		c.Say(tone(time.Second))
		c.Pause()
		time.Sleep(100 * time.Millisecond)
		c.Signal(asr.Resumed)
		for _, f := range tone(time.Second).Frames {
			c.Write(&f)
		}
		c.Signal(asr.Ended)
		if r := c.Final(); r.Text != "25" || runs.Load() != 1 {
			t.Errorf("%q after %d runs, want all 2.5 s in one", r.Text, runs.Load())
		}
	})
}

func TestSpeechIsKeptFromBeforeItWasNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		c := asrtest.Open(t, slowly(t, slow{lag: time.Millisecond, runs: &runs}, Config{}), asr.Options{})
		early, late := tone(400*time.Millisecond), tone(time.Second)
		c.Rest(2 * time.Second)
		for i := range early.Frames {
			c.Write(&early.Frames[i])
		}
		c.Signal(asr.Began)
		for i := range late.Frames {
			c.Write(&late.Frames[i])
		}
		c.Signal(asr.Ended)
		if r := c.Final(); r.Text != "15" { // 100 ms of room before, 1.4 s of sound
			t.Errorf("heard %s00 ms, want 1500", r.Text)
		}
	})
}

func TestALongUtteranceIsRecognisedInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		c := asrtest.Open(t, slowly(t, slow{lag: time.Second, runs: &runs}, Config{}), asr.Options{})
		c.Signal(asr.Began)
		for i, f := range tone(70 * time.Second).Frames {
			if !c.Write(&f) {
				t.Fatalf("frame %d was dropped", i)
			}
			time.Sleep(media.FrameDuration)
		}
		c.Signal(asr.Ended)
		r := c.Final()
		var sum, n, one int
		for rest := r.Text; rest != ""; n++ {
			if _, err := fmt.Sscan(rest, &one); err != nil {
				t.Fatalf("heard %q: %v", r.Text, err)
			}
			sum += one
			rest = rest[min(len(rest), len(fmt.Sprint(one))+1):]
		}
		if n != 3 || sum < 698 || sum > 700 {
			t.Errorf("heard %q: %d pieces of %d00 ms, want 3 of 70 s", r.Text, n, sum)
		}
	})
}

func TestTheQueueIsMeasuredAndFinalsGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		r := slowly(t, slow{lag: time.Second, runs: &runs}, Config{})
		var calls [3]asrtest.Call
		for i := range calls {
			calls[i] = asrtest.Open(t, r, asr.Options{})
			calls[i].Say(tone(time.Second))
		}
		calls[0].Signal(asr.Ended)
		synctest.Wait()
		calls[1].Pause() // a guess waits
		synctest.Wait()
		calls[2].Signal(asr.Ended) // a final result overtakes it
		if r := calls[0].Final(); r.Queued != 0 {
			t.Errorf("the first waited %v, want 0", r.Queued)
		}
		if r := calls[2].Final(); r.Queued != time.Second {
			t.Errorf("the final waited %v, want 1 s", r.Queued)
		}
		calls[1].Signal(asr.Ended)
		if r := calls[1].Final(); r.Queued != 2*time.Second || r.Err != nil {
			t.Errorf("the guess waited %v, want 2 s (%v)", r.Queued, r.Err)
		}
	})
}

func TestTooManyGuessesAreNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		r := slowly(t, slow{lag: time.Second, runs: &runs}, Config{Guesses: 1})
		for range 5 {
			c := asrtest.Open(t, r, asr.Options{})
			c.Say(tone(time.Second))
			c.Pause()
			synctest.Wait()
		}
		time.Sleep(10 * time.Second)
		if runs.Load() != 2 { // one ran, one waited
			t.Errorf("%d guesses were made, want 2", runs.Load())
		}
	})
}

func TestAFinalThatWaitsTooLongFailsAndMayBeTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		r := slowly(t, slow{lag: time.Minute, runs: &runs}, Config{Patience: 2 * time.Second})
		busy, c := asrtest.Open(t, r, asr.Options{}), asrtest.Open(t, r, asr.Options{})
		busy.Say(tone(time.Second))
		busy.Signal(asr.Ended)
		synctest.Wait()
		began := time.Now()
		c.Say(tone(time.Second))
		c.Signal(asr.Ended)
		res := c.Final()
		e := new(asr.Error)
		if !errors.As(res.Err, &e) || !e.Retry || time.Since(began) != 2*time.Second {
			t.Errorf("%+v after %v, want an error to try again after 2 s", res, time.Since(began))
		}
	})
}

func TestAFailingEngineStillGivesOneFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		broken := errors.New("broken")
		c := asrtest.Open(t, slowly(t, slow{lag: time.Millisecond, fails: broken, runs: &runs}, Config{}), asr.Options{})
		for range 2 {
			c.Say(tone(time.Second))
			c.Pause()
			c.Signal(asr.Ended)
			e := new(asr.Error)
			if res := c.Final(); !errors.Is(res.Err, broken) || !errors.As(res.Err, &e) || res.Text != "" {
				t.Errorf("%+v, want the engine's error", res)
			}
		}
	})
}

func TestSoundThatFindsNoRoomIsDroppedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		c := asrtest.Open(t, slowly(t, slow{lag: time.Second, runs: &runs}, Config{}), asr.Options{})
		dropped := 0
		for range 3 { // faster than life: two utterances are at work, the third has no room
			c.Signal(asr.Began)
			for _, f := range tone(time.Second).Frames {
				if !c.Write(&f) {
					dropped++
				}
			}
			c.Signal(asr.Ended)
		}
		if dropped != 50 {
			t.Errorf("%d frames were dropped, want 50", dropped)
		}
		for i, want := range []bool{false, false, true} {
			if res := c.Final(); (res.Err != nil) != want {
				t.Errorf("final %d: %v", i, res.Err)
			}
		}
	})
}

func TestClicksAreNoWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		c := asrtest.Open(t, slowly(t, slow{lag: time.Millisecond, runs: &runs}, Config{}), asr.Options{})
		c.Say(tone(100 * time.Millisecond))
		c.Pause()
		c.Signal(asr.Ended)
		if res := c.Final(); res.Text != "" || res.Err != nil || runs.Load() != 0 {
			t.Errorf("a click is heard as %q, %v, after %d runs", res.Text, res.Err, runs.Load())
		}
	})
}

func TestOnlyEnglish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := slowly(t, slow{runs: new(atomic.Int32)}, Config{})
		if _, err := r.Open(t.Context(), asr.Options{Language: "de-DE"}); err == nil {
			t.Error("Open in German = nil")
		}
	})
}
