package twilio

import (
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/telephony/twilio/wire"
)

// The tracks of a stream: what the caller says, and what the caller hears.
const (
	trackCaller = "inbound"
	trackOther  = "outbound"
)

// Bounds of what two tracks may be apart, in samples.
const (
	// trackLag is how long one waits for the other. Carriers cut messages into any
	// size, so that it may be the other's turn only after a while.
	trackLag = media.Rate // 1 s
	// trackSlack is what a track may be early or late by its own word: timestamps
	// are off by some ms.
	trackSlack = 3 * media.FrameSamples
)

// tracks brings the two tracks of a stream together by their timestamps. It knows
// no socket, and allocates nothing for audio.
type tracks struct {
	stream string
	count  func(reason string)
	over   bool // nothing comes any more

	msg           wire.Message
	caller, other track
	zero          int64 // of timestamps, in samples
	timed         bool  // zero is known
	out           int64 // samples handed out
}

// track is one side: the samples from tracks.out on that are here.
type track struct {
	ulaw []byte
	head int // ulaw before it was handed out
}

func (t *track) here() int { return len(t.ulaw) - t.head }

// frame hands out the next 20 ms of both sides, if they are there, or if one of
// them was waited for long enough: then it is silent.
func (s *tracks) frame(caller, other *media.Frame) bool {
	short, long := s.caller.here(), s.other.here()
	if short > long {
		short, long = long, short
	}
	if long < media.FrameSamples || short < media.FrameSamples && long < trackLag && !s.over {
		return false
	}
	s.caller.take(caller)
	s.other.take(other)
	s.out += int64(media.FrameSamples)
	return true
}

// take hands out 20 ms, filled up with silence.
func (t *track) take(f *media.Frame) {
	n := min(t.here(), media.FrameSamples)
	for i, code := range t.ulaw[t.head : t.head+n] {
		f[i] = g711.DecodeSample(code)
	}
	clear(f[n:])
	t.head += n
}

// take reads one message. What is no audio means nothing here; the only error is
// errStopped.
func (s *tracks) take(text []byte) error {
	m := &s.msg
	if wire.Parse(text, m) != nil {
		s.count(ReasonMalformed)
		return nil
	}
	switch {
	case m.Kind == wire.Unknown:
		s.count(ReasonUnknownEvent)
	case m.Kind == wire.Start:
		s.count(ReasonSecondStart)
	case m.Kind == wire.Connected:
		s.count(ReasonUnexpectedEvent)
	case string(m.StreamSID) != s.stream:
		s.count(ReasonWrongStream)
	case m.Kind == wire.Media:
		s.audio(m)
	case m.Kind == wire.Stop:
		return errStopped
	}
	return nil
}

func (s *tracks) audio(m *wire.Message) {
	var t *track
	switch string(m.Track) {
	case trackCaller:
		t = &s.caller
	case trackOther:
		t = &s.other
	default:
		s.count(ReasonOtherTrack)
		return
	}
	gap := s.gap(t, m)
	if !t.add(m.Payload, gap) {
		s.count(ReasonBadBase64)
	}
}

// gap is what m's audio is after the end of what t has, in samples; negative: it
// is before. What its timestamp may be wrong by is none.
func (s *tracks) gap(t *track, m *wire.Message) int {
	if !m.Timed {
		return 0
	}
	at := m.Time * (media.Rate / 1000)
	if !s.timed {
		s.timed, s.zero = true, at
	}
	const farOff = 1 << 20
	gap := int(min(max(at-s.zero-s.out-int64(t.here()), -farOff), farOff))
	if -trackSlack <= gap && gap <= trackSlack {
		return 0
	}
	return min(gap, trackLag)
}

// add appends a message's audio: behind as much silence as it lacks, or without
// what comes too late. It reports false when payload is no base64.
func (t *track) add(payload []byte, gap int) bool {
	rest := copy(t.ulaw, t.ulaw[t.head:])
	t.ulaw, t.head = t.ulaw[:rest], 0
	if cap(t.ulaw) > keep && rest <= keep {
		t.ulaw = append(make([]byte, 0, keep), t.ulaw...)
	}
	for range gap {
		t.ulaw = append(t.ulaw, silentCode)
	}
	filled := len(t.ulaw)
	ulaw, err := wire.Decode(t.ulaw, payload)
	if err != nil {
		t.ulaw = t.ulaw[:rest]
		return false
	}
	if late := min(-gap, len(ulaw)-filled); late > 0 {
		ulaw = append(ulaw[:filled], ulaw[filled+late:]...)
	}
	t.ulaw = ulaw
	return true
}

// silentCode is silence in µ-law.
const silentCode = 0xff
