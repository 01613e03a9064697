package bench

import (
	"strconv"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// reply is one answer of the agent as it comes in, held against the schedule
// that the gateway has set itself: see [schedule].
type reply struct {
	schedule
	open  bool
	free  bool // it stuttered: its schedule is not known any more, see add
	lost  bool // and what comes can't be measured until the next reply
	ended bool // a phrase of it is whole: what comes after a silence is another reply
	began time.Time
	count int        // frames
	late  []lateness // of each whole lump
}

// lateness is how long after its time a lump came, as the reply's first frame
// lets one think.
type lateness struct {
	by     time.Duration
	counts bool // it came in the window
}

// schedule is how a gateway sends a reply, in frames: the first lead at once, then
// a lump whenever it has become time for one.
type schedule struct{ lead, lump int }

// due is when frame n of a reply leaves, counted from its first.
func (s schedule) due(n int) time.Duration {
	if n < s.lead {
		return 0
	}
	n -= (n - s.lead) % s.lump // it goes with the first of its lump
	return time.Duration(n-(s.lead-s.lump)) * media.FrameDuration
}

// endsPhrase reports whether a mark of this name stands behind a phrase. The
// one behind a reply's first frame has 255 in its low byte.
func endsPhrase(name string) bool {
	n, err := strconv.ParseUint(name, 10, 32)
	return err == nil && n&255 != 255
}

// add notes frames that came at now.
func (r *reply) add(frames int, now time.Time, m *meter) {
	r.count += frames
	at := r.due(r.count - 1)
	if r.free {
		// Whether the gateway noticed the gap, and began anew with it, can't be
		// seen from here. Once what had piled up is through, a lump comes for
		// every lump of sound either way; until a phrase ends with less.
		at = time.Duration(r.count) * media.FrameDuration
		if now.Sub(r.began) < time.Duration(r.lump)*media.FrameDuration-media.FrameDuration/2 {
			return
		}
		if frames != r.lump {
			r.lost = true
		}
	}
	if r.lost {
		return
	}
	// Less than a whole lump was sent for another reason: it is the first frame,
	// or the end of a phrase.
	if frames == r.lump && len(r.late) < cap(r.late) {
		r.late = append(r.late, lateness{now.Sub(r.began.Add(at)), m.counts(now)})
	}
}

// settle ends the reply and adds its lateness to m. The first frame may have
// been late itself; the schedule is as early as the earliest lump shows.
func (r *reply) settle(m *meter) {
	var early time.Duration
	if r.free && len(r.late) > 0 {
		early = r.late[0].by
	}
	for _, d := range r.late {
		early = min(early, d.by)
	}
	for _, d := range r.late {
		if d.counts {
			m.late.add(d.by - early)
		}
	}
	*r = reply{schedule: r.schedule, late: r.late[:0]}
}

// begin opens a reply whose first frames came at now.
func (r *reply) begin(now time.Time) {
	if r.late == nil {
		r.late = make([]lateness, 0, 1024) // a minute's
	}
	r.open, r.began = true, now
}

// endpointWait is the silence after which the agent takes the caller's turn to
// be over.
const endpointWait = 500 * time.Millisecond

// follow notes n frames of the agent's voice. The caller holds mu.
func (f *farEnd) follow(n int, now time.Time) {
	f.tally.Heard += n
	r := &f.reply
	switch dry := f.written == f.played; {
	case r.open && dry && !r.ended: // the caller hears a gap; the gateway begins its schedule anew
		r.add(n, now, f.m)
		r.settle(f.m)
		r.begin(now)
		r.free, r.count = true, n
		return
	case r.open && dry:
		r.settle(f.m)
		fallthrough
	case !r.open:
		r.begin(now)
		f.tally.Replies++
		if !f.voiced.IsZero() && f.m.counts(f.voiced) {
			f.m.answer.add(now.Sub(f.voiced) - endpointWait)
		}
		f.voiced = time.Time{}
	}
	r.ended = false
	r.add(n, now, f.m)
}
