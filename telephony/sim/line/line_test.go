package line_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

const ms = time.Millisecond

// seen is an event and when Next returned it.
type seen struct {
	at time.Duration
	ev telephony.Event
}

// marks keeps what is not audio, as text.
func marks(all []seen) (out []string) {
	for _, s := range all {
		if s.ev.Kind != telephony.Audio {
			out = append(out, s.String())
		}
	}
	return out
}

func (s seen) String() string {
	switch s.ev.Kind {
	case telephony.Played:
		return fmt.Sprintf("played %d at %v", s.ev.Mark, s.at)
	case telephony.Dropped:
		return fmt.Sprintf("dropped %d at %v", s.ev.Mark, s.at)
	case telephony.Digit:
		return fmt.Sprintf("digit %c at %v", s.ev.Digit, s.at)
	}
	return fmt.Sprintf("audio at %v", s.at)
}

// drain reads l until it fails or d has passed since answer.
func drain(l *line.Line, d time.Duration) (all []seen, err error) {
	stop := time.AfterFunc(d, func() { l.Hangup(context.Background()) })
	defer stop.Stop()
	var f media.Frame
	for {
		ev, err := l.Next(&f)
		if err != nil {
			return all, err
		}
		all = append(all, seen{time.Since(l.Answered()), ev})
	}
}

func write(t *testing.T, l *line.Line, frames int) {
	t.Helper()
	for i := range frames {
		if err := l.Write(&media.Frame{int16(i + 1)}); err != nil {
			t.Fatalf("Write() = %v", err)
		}
	}
}

func TestFramesArriveOnAnAbsoluteSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line.New(line.Config{Handset: handset.Noisy(handset.Noise{At: 30 * ms, For: 20 * ms})})
		var f media.Frame
		for i := range 50 {
			if _, err := l.Next(&f); err != nil {
				t.Fatalf("Next() = %v", err)
			}
			if got, want := time.Since(l.Answered()), time.Duration(i+1)*20*ms; got != want {
				t.Fatalf("frame %d came at %v, want %v", i, got, want)
			}
			if loud := f[119] != 0; loud != (i == 1) {
				t.Errorf("frame %d sample 119 loud = %v", i, loud)
			}
			if i%10 == 0 { // a slow reader does not move the schedule
				time.Sleep(7 * ms)
			}
		}
		l.Hangup(t.Context())
		if _, err := l.Next(&f); err != io.EOF {
			t.Errorf("Next() after Hangup = %v, want io.EOF", err)
		}
		if got := l.Said(); len(got) != 2 || got[0].At != 20*ms {
			t.Errorf("said %d frames, want 2 from 20ms", len(got))
		}
	})
}

func TestMarks(t *testing.T) {
	for _, tc := range []struct {
		name  string
		cfg   line.Config
		play  func(t *testing.T, l *line.Line)
		want  []string
		heard time.Duration
	}{
		{
			name:  "a mark on an empty buffer comes back at once",
			play:  func(t *testing.T, l *line.Line) { time.Sleep(13 * ms); l.Mark(1) },
			want:  []string{"played 1 at 13ms"},
			heard: 0,
		},
		{
			name:  "a mark comes back when its position was passed",
			play:  func(t *testing.T, l *line.Line) { write(t, l, 5); l.Mark(1); write(t, l, 2); l.Mark(2) },
			want:  []string{"played 1 at 100ms", "played 2 at 140ms"},
			heard: 140 * ms,
		},
		{
			name:  "audio begins with the next tick",
			play:  func(t *testing.T, l *line.Line) { time.Sleep(1 * ms); write(t, l, 1); l.Mark(1) },
			want:  []string{"played 1 at 40ms"},
			heard: 20 * ms,
		},
		{
			name: "clear drops what is not in the ear yet, and its marks",
			play: func(t *testing.T, l *line.Line) {
				write(t, l, 2)
				l.Mark(1)
				write(t, l, 10)
				l.Mark(2)
				time.Sleep(50 * ms)
				l.Clear()
				write(t, l, 1)
				l.Mark(3)
			},
			want:  []string{"played 1 at 40ms", "dropped 2 at 50ms", "played 3 at 80ms"},
			heard: 80 * ms,
		},
		{
			name: "a mark that is due in the nanosecond of the clear was played",
			play: func(t *testing.T, l *line.Line) {
				write(t, l, 2)
				l.Mark(1)
				write(t, l, 1)
				l.Mark(2)
				time.Sleep(40 * ms)
				l.Clear()
			},
			want:  []string{"played 1 at 40ms", "dropped 2 at 40ms"},
			heard: 40 * ms,
		},
		{
			name: "delays shift audio and echoes, and a mark on its way back at a clear is dropped",
			cfg:  line.Config{Uplink: 30 * ms, Downlink: 40 * ms},
			play: func(t *testing.T, l *line.Line) {
				write(t, l, 1)
				l.Mark(1)            // heard from 40 to 60 ms, echo at 90 ms
				time.Sleep(70 * ms)  // it was heard, the echo is on its way
				l.Clear()            // arrives at 110 ms, finds nothing
				write(t, l, 1)       // heard from 120 to 140 ms
				l.Mark(2)            // echo at 170 ms
				time.Sleep(100 * ms) // the echo has just arrived: played
				l.Clear()
			},
			want:  []string{"dropped 1 at 90ms", "played 2 at 170ms"},
			heard: 40 * ms,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := line.New(tc.cfg)
				done := make(chan struct{})
				go func() { defer close(done); tc.play(t, l) }()
				all, err := drain(l, time.Second)
				<-done
				if err != io.EOF {
					t.Errorf("Next() = %v, want io.EOF", err)
				}
				if got := marks(all); !slices.Equal(got, tc.want) {
					t.Errorf("marks %q, want %q", got, tc.want)
				}
				if got := l.HeardFor(); got != tc.heard {
					t.Errorf("far end heard %v, want %v", got, tc.heard)
				}
			})
		})
	}
}

func TestFarEndHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := time.Duration(-1)
		var l *line.Line
		l = line.New(line.Config{
			Handset:  handset.Noisy(handset.Noise{At: 60 * ms, Digit: '5'}, handset.Noise{At: 200 * ms, Hangup: true}),
			OnHangup: func() { told = time.Since(l.Answered()) },
		})
		all, err := drain(l, time.Second)
		if !errors.Is(err, telephony.ErrLost) || !errors.Is(err, line.ErrFarEnd) {
			t.Errorf("Next() = %v, want ErrLost and ErrFarEnd", err)
		}
		if got, want := marks(all), []string{"digit 5 at 80ms"}; !slices.Equal(got, want) {
			t.Errorf("keys %q, want %q", got, want)
		}
		if told != 220*ms {
			t.Errorf("OnHangup at %v, want 220ms", told)
		}
		if how, at := l.End(); how != line.Theirs || at != 220*ms {
			t.Errorf("End() = %v at %v, want theirs at 220ms", how, at)
		}
		if err := l.Write(&media.Frame{}); !errors.Is(err, telephony.ErrLost) {
			t.Errorf("Write() = %v, want ErrLost", err)
		}
		l.Hangup(t.Context())
		l.Hangup(t.Context())
		if how, _ := l.End(); how != line.Theirs || l.Hangups() != 2 {
			t.Errorf("after Hangup: %v, %d calls; want theirs, 2", how, l.Hangups())
		}
	})
}

func TestLoseBreaksTheLineAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line.New(line.Config{})
		cause := errors.New("connection reset by peer")
		go func() { time.Sleep(105 * ms); l.Lose(cause) }()
		all, err := drain(l, time.Second)
		if !errors.Is(err, telephony.ErrLost) || !errors.Is(err, cause) {
			t.Errorf("Next() = %v, want ErrLost and the cause", err)
		}
		if got := time.Since(l.Answered()); got != 105*ms || len(all) != 5 {
			t.Errorf("lost at %v after %d frames, want 105ms after 5", got, len(all))
		}
		if err := l.Mark(1); !errors.Is(err, telephony.ErrLost) {
			t.Errorf("Mark() = %v, want ErrLost", err)
		}
	})
}

func TestStallHoldsBothDirectionsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line.New(line.Config{})
		var wrote time.Duration
		done := make(chan struct{})
		go func() {
			defer close(done)
			time.Sleep(110 * ms)
			l.Stall(200 * ms)
			l.Write(&media.Frame{1})
			wrote = time.Since(l.Answered())
		}()
		all, _ := drain(l, 405*ms)
		<-done
		var at []time.Duration
		for _, s := range all {
			at = append(at, s.at)
		}
		want := []time.Duration{20 * ms, 40 * ms, 60 * ms, 80 * ms, 100 * ms}
		for range 10 { // what was held back comes at once
			want = append(want, 310*ms)
		}
		want = append(want, 320*ms, 340*ms, 360*ms, 380*ms, 400*ms)
		if !slices.Equal(at, want) {
			t.Errorf("frames came at %v, want %v", at, want)
		}
		// A moment later, so that what was held back has arrived.
		if want := 310*ms + time.Nanosecond; wrote != want {
			t.Errorf("Write returned at %v, want %v", wrote, want)
		}
		if got := l.Heard(); len(got) != 1 || got[0].At != 320*ms {
			t.Errorf("heard %v, want one frame at 320ms", got)
		}
	})
}

func TestLostFramesNeverArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line.New(line.Config{Lost: func(n int) bool { return n%2 == 1 }})
		all, _ := drain(l, 205*ms)
		if len(all) != 5 || all[1].at != 60*ms {
			t.Errorf("%d frames came, the second at %v; want 5, 60ms", len(all), all[1].at)
		}
	})
}

func TestHandsetHearsWhatIsPlayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard := map[time.Duration]int16{}
		l := line.New(line.Config{Handset: handset.Func(func(now time.Duration, hear, _ *media.Frame) handset.Touch {
			if hear[0] != 0 {
				heard[now] = hear[0]
			}
			return handset.Touch{}
		})})
		go func() { time.Sleep(45 * ms); write(t, l, 2) }()
		drain(l, 200*ms)
		if len(heard) != 2 || heard[60*ms] != 1 || heard[80*ms] != 2 {
			t.Errorf("handset heard %v, want 1 at 60ms and 2 at 80ms", heard)
		}
	})
}

func TestAFrameCostsNoAllocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line.New(line.Config{Forget: true})
		var f media.Frame
		both := func() {
			l.Write(&f)
			l.Next(&f)
		}
		both()
		if n := testing.AllocsPerRun(1000, both); n > 0 {
			t.Errorf("a frame in and out allocates %v times", n)
		}
	})
}
