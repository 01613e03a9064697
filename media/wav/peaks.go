package wav

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// PeakSamples is how many samples of a side one peak stands for: 10 ms.
const PeakSamples = media.Rate / 100

// peakBytes is one peak of both sides in a file: the caller's least and most, the
// agent's least and most, each the upper eight bits of a sample.
const peakBytes = 4

// peakHead begins a file of peaks: its version, sides and samples per peak.
var peakHead = []byte{'H', 'S', 'P', 'K', 1, 2, 0, PeakSamples}

// ErrPeaks means that something is no file of peaks that this build reads.
var ErrPeaks = errors.New("wav: not a file of peaks that can be read")

// Peak is how far one side went in a while, from -128 to 127.
type Peak struct{ Min, Max int8 }

// Peaks is how a recording looks: for each 10 ms, of the caller and of the agent.
type Peaks [2][]Peak

// appendPeaks appends the peaks of sound, which are whole frames of both sides
// in µ-law.
func appendPeaks(b, sound []byte) []byte {
	for len(sound) >= 2*PeakSamples {
		both := (*[2 * PeakSamples]byte)(sound)
		low, high, lowAgent, highAgent := int16(32767), int16(-32768), int16(32767), int16(-32768)
		for i := 0; i < len(both); i += 2 {
			caller, agent := g711.DecodeSample(both[i]), g711.DecodeSample(both[i+1])
			low, high = min(low, caller), max(high, caller)
			lowAgent, highAgent = min(lowAgent, agent), max(highAgent, agent)
		}
		b = append(b, byte(low>>8), byte(high>>8), byte(lowAgent>>8), byte(highAgent>>8))
		sound = sound[2*PeakSamples:]
	}
	return b
}

// peakWriter appends the peaks of a recording to w, two seconds at a time: a write
// costs as much as a block's whole sound. Its first error is its last word.
type peakWriter struct {
	w   io.Writer // nil: nobody wants them
	err error
	n   int // bytes of buf
	buf [4 * peaksOfBlock]byte
}

// peaksOfBlock are the bytes of a block's peaks.
const peaksOfBlock = blockFrames * pair / (2 * PeakSamples) * peakBytes

func (p *peakWriter) begin() {
	p.n = copy(p.buf[:], peakHead)
	p.flush()
}

// sound takes whole frames of both sides, at most a block.
func (p *peakWriter) sound(b []byte) {
	if p.w == nil {
		return
	}
	if p.n+peaksOfBlock > len(p.buf) {
		p.flush()
	}
	p.n = len(appendPeaks(p.buf[:p.n], b))
}

// flush writes what is kept back.
func (p *peakWriter) flush() {
	if p.w != nil && p.err == nil && p.n > 0 {
		if _, err := p.w.Write(p.buf[:p.n]); err != nil {
			p.err = fmt.Errorf("wav: write peaks: %w", err)
		}
	}
	p.n = 0
}

// maxPeaks is the most that are read: 48 hours of a call.
const maxPeaks = 48 * 3600 * 100

// ReadPeaks reads what [RecorderConfig].Peaks was written, as far as it goes. Its
// errors are [ErrPeaks] and r's.
func ReadPeaks(r io.Reader) (Peaks, error) {
	var p Peaks
	in := bufio.NewReader(io.LimitReader(r, int64(len(peakHead))+maxPeaks*peakBytes))
	head := make([]byte, len(peakHead))
	if _, err := io.ReadFull(in, head); err != nil || !bytes.Equal(head, peakHead) {
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return p, fmt.Errorf("wav: read peaks: %w", err)
		}
		return p, ErrPeaks
	}
	for {
		var b [peakBytes]byte
		switch _, err := io.ReadFull(in, b[:]); {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return p, nil
		case err != nil:
			return p, fmt.Errorf("wav: read peaks: %w", err)
		}
		p[0] = append(p[0], Peak{int8(b[0]), int8(b[1])})
		p[1] = append(p[1], Peak{int8(b[2]), int8(b[3])})
	}
}

// Widen makes one peak of every n.
func Widen(peaks []Peak, n int) []Peak {
	if n <= 1 {
		return peaks
	}
	out := make([]Peak, 0, (len(peaks)+n-1)/n)
	for len(peaks) > 0 {
		all := peaks[:min(n, len(peaks))]
		peaks = peaks[len(all):]
		p := all[0]
		for _, q := range all[1:] {
			p.Min, p.Max = min(p.Min, q.Min), max(p.Max, q.Max)
		}
		out = append(out, p)
	}
	return out
}
