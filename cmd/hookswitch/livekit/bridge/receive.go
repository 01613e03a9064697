package bridge

import (
	"io"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pion/rtp"

	"github.com/hookswitch/hookswitch/media"
)

// maxVoices bounds the tracks that are heard at once.
const maxVoices = 8

// voices are the tracks that are heard. Readers of the list never wait.
type voices struct {
	mu   sync.Mutex // held to change the list
	list atomic.Pointer[[]*voice]
}

// voice is one track: packets go in as they come, frames come out in time.
type voice struct {
	mu  sync.Mutex
	jit jitter
}

// add returns a new voice, or nil when there are too many.
func (v *voices) add(d decoder, clock int) *voice {
	v.mu.Lock()
	defer v.mu.Unlock()
	old := v.all()
	if len(old) >= maxVoices {
		return nil
	}
	n := &voice{jit: newJitter(d, clock)}
	list := append(slices.Clone(old), n)
	v.list.Store(&list)
	return n
}

func (v *voices) remove(gone *voice) {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(v.all()), func(one *voice) bool { return one == gone })
	v.list.Store(&list)
}

func (v *voices) all() []*voice {
	if p := v.list.Load(); p != nil {
		return *p
	}
	return nil
}

// mix fills f with the sum of all voices; false when none has anything to say.
func (v *voices) mix(f *media.Frame) bool {
	var (
		sum   [media.FrameSamples]int32
		one   media.Frame
		heard bool
	)
	for _, o := range v.all() {
		o.mu.Lock()
		ok := o.jit.pull(&one)
		o.mu.Unlock()
		if !ok {
			continue
		}
		heard = true
		for i, s := range one {
			sum[i] += int32(s)
		}
	}
	if !heard {
		return false
	}
	for i, s := range sum {
		f[i] = int16(min(max(s, math.MinInt16), math.MaxInt16))
	}
	return true
}

// listen feeds the voice with a track's packets until the track is at its end.
// What is no RTP is skipped.
func (o *voice) listen(read func([]byte) (int, error)) error {
	var (
		buf = make([]byte, maxPacket)
		p   rtp.Packet
	)
	for {
		n, err := read(buf)
		switch {
		case err == io.ErrShortBuffer:
			continue
		case err != nil:
			return err
		case p.Unmarshal(buf[:n]) != nil:
			continue
		}
		o.mu.Lock()
		o.jit.push(p.SequenceNumber, p.Timestamp, p.Payload)
		o.mu.Unlock()
	}
}

// maxPacket is the longest datagram that is read.
const maxPacket = 1600
