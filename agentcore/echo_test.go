package agentcore

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// mirror is a leg whose caller counts: each frame holds its own number. It keeps
// what comes back.
type mirror struct {
	says  int                       // frames of the caller
	late  func(n int) time.Duration // that frame n is late by; nil: none
	keep  bool
	began time.Time
	n     int
	wrote []int16 // first sample of what was written; 0 is silence
	marks []int   // len(wrote) at each
}

func (m *mirror) Next(f *media.Frame) (telephony.Event, error) {
	if m.n == m.says {
		return telephony.Event{}, errors.Join(telephony.ErrLost, telephony.ErrStopped)
	}
	if m.keep {
		due := m.began.Add(time.Duration(m.n) * media.FrameDuration)
		if m.late != nil {
			due = due.Add(m.late(m.n))
		}
		time.Sleep(time.Until(due))
	}
	m.n++
	f[0] = int16(m.n)
	return telephony.Event{Kind: telephony.Audio}, nil
}

func (m *mirror) Write(f *media.Frame) error {
	if m.keep {
		m.wrote = append(m.wrote, f[0])
	}
	return nil
}

func (m *mirror) Mark(uint32) error {
	if m.keep {
		m.marks = append(m.marks, len(m.wrote))
	}
	return nil
}

func (m *mirror) Clear() error                 { return nil }
func (m *mirror) Hangup(context.Context) error { return nil }

// sounds are the frames that were written and are not silence.
func (m *mirror) sounds() (out []int16) {
	for _, f := range m.wrote {
		if f != 0 {
			out = append(out, f)
		}
	}
	return out
}

func newTestEcho(t testing.TB, lump time.Duration) *Echo {
	t.Helper()
	e, err := NewEcho(EchoConfig{Call: telephony.Call{ID: "c1", Epoch: 1, Direction: telephony.Inbound}, Journal: patchable{}, Recorder: patchable{}, Lump: lump})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTheEchoSaysBackWhatItHearsBehindALeadOfSilence(t *testing.T) {
	for _, tt := range []struct {
		lump       time.Duration
		lead, turn int // frames
	}{
		{20 * time.Millisecond, 0, 50},
		{60 * time.Millisecond, 4, 51},
		{100 * time.Millisecond, 6, 50},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := &mirror{says: 160, keep: true, began: time.Now()}
			sum, err := newTestEcho(t, tt.lump).Run(t.Context(), m)
			if !errors.Is(err, telephony.ErrLost) || sum.End != "" {
				t.Errorf("Run = %+v, %v; want a lost line", sum, err)
			}
			if len(m.wrote) != 160+tt.lead {
				t.Errorf("lump %v: %d frames, want 160 and %d of silence", tt.lump, len(m.wrote), tt.lead)
			}
			for i, f := range m.sounds() {
				if int(f) != i+1 {
					t.Fatalf("lump %v: frame %d came back as %d", tt.lump, i+1, f)
				}
			}
			if want := 160 / tt.turn; len(m.marks) != want || m.marks[0] != tt.lead+tt.turn {
				t.Errorf("lump %v: marks behind frames %v, want %d, one in %d", tt.lump, m.marks, want, tt.turn)
			}
		})
	}
}

// A lump may be late by 40 ms. Later than that the line ran dry, and what would
// then follow are single frames.
func TestTheEchoTakesItsLeadAnewWhenTheLineRanDry(t *testing.T) {
	for _, tt := range []struct {
		late    time.Duration
		silence int
	}{{39 * time.Millisecond, 4}, {41 * time.Millisecond, 8}} {
		synctest.Test(t, func(t *testing.T) {
			m := &mirror{says: 100, keep: true, began: time.Now(), late: func(n int) time.Duration {
				if n == 50 {
					return tt.late
				}
				return 0
			}}
			if _, err := newTestEcho(t, 60*time.Millisecond).Run(t.Context(), m); !errors.Is(err, telephony.ErrLost) {
				t.Error(err)
			}
			if n := len(m.wrote) - len(m.sounds()); n != tt.silence || len(m.sounds()) != 100 {
				t.Errorf("%v late: %d frames of silence and %d of sound, want %d and 100", tt.late, n, len(m.sounds()), tt.silence)
			}
		})
	}
}

// After a stall the caller's frames come all at once: of what would be heard more
// than two seconds later, nothing is said back.
func TestTheEchoIsNeverMuchBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mirror{says: 1000, keep: true, began: time.Now(), late: func(n int) time.Duration {
			return max(0, 10*time.Second-time.Duration(n)*media.FrameDuration) // ten seconds' worth at once
		}}
		if _, err := newTestEcho(t, 0).Run(t.Context(), m); !errors.Is(err, telephony.ErrLost) {
			t.Error(err)
		}
		if n := len(m.sounds()); n < 500+100 || n > 500+102 {
			t.Errorf("%d frames came back, want the last 500 and two seconds of the first", n)
		}
	})
}

// endless is a leg that waits until it is hung up.
type endless struct {
	mirror
	hung chan struct{}
}

func (l *endless) Next(*media.Frame) (telephony.Event, error) {
	<-l.hung
	return telephony.Event{}, io.EOF
}
func (l *endless) Hangup(context.Context) error { close(l.hung); return nil }

func TestTheEchoEndsWhenItsTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		sum, err := newTestEcho(t, 0).Run(t.Context(), &endless{hung: make(chan struct{})})
		if err != nil || sum.End != telephony.MaxDuration || time.Since(began) != 30*time.Minute {
			t.Errorf("Run = %+v, %v after %v", sum, err, time.Since(began))
		}
	})
}

func TestAnEchoedFrameDoesNotAllocate(t *testing.T) {
	e := newTestEcho(t, 60*time.Millisecond)
	m := &mirror{}
	now := time.Now()
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(media.FrameDuration)
		if err := e.back(m, now); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a frame, want 0", n)
	}
}
