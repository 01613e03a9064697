package twilio

import (
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

const (
	gapLeast  = 60 * time.Millisecond // that audio is late by, to be a gap
	tellMeter = time.Second           // how often a [Meter] hears of frames
)

// pulse counts what passes on a stream, and watches when the carrier's audio
// comes. Times are those at which this process got to read: that it stood still
// itself looks like a gap and a burst, too.
//
// Its methods but the counting are of the goroutine that calls Next.
type pulse struct {
	meter   Meter // nil: nothing is watched
	in, out atomic.Int64
	told    time.Time // when meter last heard of them

	last time.Time     // when audio last came; zero: none did
	due  time.Duration // and how long that lasts: when the next is expected

	since time.Time // the end of a gap behind which audio comes at once; zero: none does
	extra time.Duration
}

// heard counts a frame that is handed on, sent so many that went out.
func (p *pulse) heard()     { p.in.Add(1) }
func (p *pulse) sent(n int) { p.out.Add(int64(n)) }

// tell hands on what was counted. Anybody may.
func (p *pulse) tell() {
	if p.meter == nil {
		return
	}
	if in, out := p.in.Swap(0), p.out.Swap(0); in+out > 0 {
		p.meter.Frames(int(in), int(out))
	}
}

// arrived is that a message with so many samples came.
func (p *pulse) arrived(samples int, now time.Time) {
	if p.meter == nil || samples == 0 {
		return
	}
	if now.Sub(p.told) >= tellMeter {
		p.told = now
		p.tell()
	}
	long := time.Duration(samples) * time.Second / media.Rate
	if !p.last.IsZero() {
		p.watch(long, now)
	}
	p.last, p.due = now, long
}

// watch looks at the time since the last audio.
func (p *pulse) watch(long time.Duration, now time.Time) {
	wait := now.Sub(p.last)
	switch {
	case p.gap(now):
		p.since = now
	case p.since.IsZero():
	case wait < p.due/2:
		p.extra += long
	default:
		p.burst()
	}
}

// gap tells the meter of one that ends now, if there was one.
func (p *pulse) gap(now time.Time) bool {
	late := now.Sub(p.last) - p.due
	if late <= gapLeast {
		return false
	}
	p.burst()
	p.meter.Gap(late)
	return true
}

// burst is that audio comes in its time again.
func (p *pulse) burst() {
	if frames := int((p.extra - p.last.Sub(p.since)) / media.FrameDuration); !p.since.IsZero() && frames > 0 {
		p.meter.Burst(frames)
	}
	p.since, p.extra = time.Time{}, 0
}

// over is that nothing comes any more.
func (p *pulse) over(now time.Time) {
	if p.meter == nil {
		return
	}
	if !p.last.IsZero() && !p.gap(now) {
		p.burst()
	}
	p.last = time.Time{}
	p.tell()
}
