package bench

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// farEnd is one call as the carrier has it. The wheel writes, a goroutine of
// its own reads.
type farEnd struct {
	id     ids
	socket *socket
	caller *caller
	m      *meter
	echoes bool // the agent echoes: what comes is compared with what was said
	first  int  // frame of the caller's cycle that it begins with

	out, text []byte // the wheel's

	over chan struct{} // closed when the stream is

	mu      sync.Mutex
	sent    int // frames
	seq     int
	quiet   bool            // no more is said
	leaving bool            // the caller hangs up with the next tick
	left    bool            // and has
	sentAt  [ring]time.Time // of the last frames
	voiced  time.Time       // end of the last thing said; zero once it is answered
	barged  time.Time       // when it began to talk over an answer; zero once that was cleared
	written int             // bytes that came, less those cleared
	played  int             // of them
	marks   []mark          // not echoed yet, oldest first
	echo    int             // bytes that came, in all
	reply   reply           // the answer being heard
	tally   tally
}

// ring is how many frames back an echo is still known: 10 s.
const ring = 512

// mark is echoed once all before it was played.
type mark struct {
	name string
	at   int // of written
}

// tally is what one call came to.
type tally struct {
	Sent, Echoed, Heard            int // frames; Heard of the agent's voice
	Marks, Clears, Replies, Broken int // Broken: messages that Twilio would refuse, or echoes of another sound
}

func (t *tally) add(o tally) {
	t.Sent += o.Sent
	t.Echoed += o.Echoed
	t.Heard += o.Heard
	t.Marks += o.Marks
	t.Clears += o.Clears
	t.Replies += o.Replies
	t.Broken += o.Broken
}

// tick sends the call's next 20 ms, and the marks that were played meanwhile.
func (f *farEnd) tick(now time.Time) {
	f.mu.Lock()
	f.out = f.out[:0]
	f.played = min(f.played+media.FrameSamples, f.written)
	for !f.left && len(f.marks) > 0 && f.marks[0].at <= f.played {
		f.seq++
		f.text = appendMark(f.text[:0], f.id, f.seq, f.marks[0].name)
		f.out = appendFrame(f.out, opText, f.text)
		f.marks = slices.Delete(f.marks, 0, 1)
	}
	switch {
	case f.left:
	case f.leaving:
		f.left = true
		f.out = appendFrame(f.out, opText, appendStop(nil, f.id, f.seq+1))
		f.out = appendFrame(f.out, opClose, []byte{3, 232}) // 1000
	case !f.quiet:
		f.say(now)
	}
	f.mu.Unlock()
	if len(f.out) > 0 {
		f.socket.Write(f.out) // a stream that broke shows in what is missing
	}
}

// say adds the next frame. The caller holds mu.
func (f *farEnd) say(now time.Time) {
	k := f.first + f.sent
	f.seq++
	f.text = appendMedia(f.text[:0], f.id, f.seq, f.sent+1, f.caller.line(k).text)
	f.out = appendFrame(f.out, opText, f.text)
	f.sentAt[f.sent%ring] = now
	f.sent++
	if f.m.counts(now) {
		f.m.frames.Add(1)
	}
	if barges(k) && !barges(k-1) && f.played < f.written {
		f.barged = now.Add(-media.FrameDuration) // a frame leaves when its last sample was said
	}
	if speaks(k) && !speaks(k+1) {
		f.voiced = now
	}
}

// hush makes the caller silent on the line: not even silence is sent.
func (f *farEnd) hush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.quiet = true
}

// waiting reports whether echoes have not come yet.
func (f *farEnd) waiting() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.echoes && f.echo < f.sent*media.FrameSamples
}

// hangUp has the next tick send stop and close. The stream is over when the
// gateway has closed its side, or shortly after.
func (f *farEnd) hangUp() {
	f.mu.Lock()
	f.leaving = true
	f.mu.Unlock()
	f.socket.SetDeadline(time.Now().Add(10 * time.Second))
}

// listen reads until the stream is over.
func (f *farEnd) listen() {
	defer close(f.over)
	defer f.socket.Close()
	var ulaw []byte
	for {
		op, payload, err := f.socket.next()
		now := time.Now()
		switch {
		case err != nil, op == opClose:
			f.mu.Lock()
			f.reply.settle(f.m)
			f.mu.Unlock()
			return
		case op == opPing, op == opPong:
			continue
		}
		h, err := understand(payload, f.id.stream, ulaw)
		if err != nil || op != opText {
			h = heard{}
		}
		if h.ulaw != nil {
			ulaw = h.ulaw
		}
		f.mu.Lock()
		f.take(h, now)
		f.mu.Unlock()
	}
}

// take is one message's effect. The caller holds mu.
func (f *farEnd) take(h heard, now time.Time) {
	switch h.event {
	case "media":
		if f.echoes {
			f.compare(h.ulaw, now)
		} else {
			f.follow(len(h.ulaw)/media.FrameSamples, now)
		}
		f.written += len(h.ulaw)
	case "mark":
		f.tally.Marks++
		f.marks = append(f.marks, mark{h.name, f.written})
		if endsPhrase(h.name) {
			f.reply.ended = true
		}
	case "clear":
		f.tally.Clears++
		f.written = f.played
		for i := range f.marks {
			f.marks[i].at = f.played
		}
		f.reply.settle(f.m)
		if !f.barged.IsZero() && f.m.counts(f.barged) {
			f.m.cut.add(now.Sub(f.barged))
		}
		f.barged = time.Time{}
	default:
		f.tally.Broken++
	}
}

// silent is a frame of µ-law in which nobody makes a sound.
var silent = bytes.Repeat([]byte{0xff}, media.FrameSamples)

// compare checks an echo against what was said, and notes how late its last
// frame is: that one waited for no other, but in the piece of a lump that is left
// when the callers stop, which is not counted. Silence is what an echo in lumps
// puts before, so as not to run dry: no frame of a caller's is quite silent.
func (f *farEnd) compare(ulaw []byte, now time.Time) {
	before, whole := f.echo, len(ulaw) >= f.reply.lump*media.FrameSamples
	for len(ulaw) >= media.FrameSamples {
		n := f.echo / media.FrameSamples
		if bytes.Equal(ulaw[:media.FrameSamples], silent) {
			ulaw = ulaw[media.FrameSamples:]
			continue
		}
		if n >= f.sent || !bytes.Equal(ulaw[:media.FrameSamples], f.caller.line(f.first + n).ulaw[:]) {
			f.tally.Broken++
		} else {
			f.tally.Echoed++
		}
		f.echo += media.FrameSamples
		ulaw = ulaw[media.FrameSamples:]
	}
	if len(ulaw) > 0 {
		f.tally.Broken++ // the echo speaks in whole frames
	}
	if f.echo == before {
		return
	}
	last := f.echo/media.FrameSamples - 1
	if at := f.sentAt[last%ring]; last >= 0 && last < f.sent && f.m.counts(at) && (whole || f.m.counts(now)) {
		f.m.late.add(now.Sub(at))
	}
}
