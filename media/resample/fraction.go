package resample

import "sync"

// fine is the rate at which 8000, 22050 and 44100 Hz meet: their least common
// multiple, 441 times 8000 Hz.
const fine = 441 * 8000

// fraction changes the rate by a ratio of whole numbers that is none itself, as
// between 8000 and 44100 Hz. In thought it goes up to the fine rate, through the
// low-pass filter there, and down; in truth it works out those samples only that
// are wanted, each with the phase of the filter that falls on it.
type fraction struct {
	bank *bank
	step int       // from one output to the next, in phases
	next int       // where the next output is, in phases from the first sample of the next block
	in   []float32 // the last samples that a window reaches back to, then room for a block
	out  []float32
}

// bank is a filter cut into phases, one for each place between two input
// samples that an output may have. It is shared and never written to.
type bank struct {
	phases, taps int
	c            []float32 // phase by phase, taps each, oldest sample's first
}

// banks are made when first asked for, some 60 kB each: by input rate.
var banks = map[int]func() *bank{
	8000:  sync.OnceValue(func() *bank { return newBank(8000) }),
	22050: sync.OnceValue(func() *bank { return newBank(22050) }),
	44100: sync.OnceValue(func() *bank { return newBank(44100) }),
}

// newBank cuts the filter that closes at 4 kHz, the band that both sides have.
func newBank(from int) *bank {
	phases := fine / from
	h := levelled(prototype(fine/8000), phases)
	b := &bank{phases: phases, taps: (len(h) + 4*phases - 1) / (4 * phases) * 4} // whole fours, for dot
	b.c = make([]float32, phases*b.taps)
	for i, x := range h {
		b.c[i%phases*b.taps+b.taps-1-i/phases] = float32(x)
	}
	return b
}

func newFraction(from, to, block int) *fraction {
	b := banks[from]()
	s := &fraction{bank: b, step: fine / to}
	s.in = make([]float32, b.taps-1+block)
	s.out = make([]float32, block*b.phases/s.step+1)
	return s
}

func (s *fraction) run(src []float32) []float32 {
	b := s.bank
	copy(s.in[b.taps-1:], src)
	out := s.out[:0]
	at, phase := s.next/b.phases, s.next%b.phases
	for at < len(src) {
		out = append(out, dot(b.c[phase*b.taps:(phase+1)*b.taps], s.in[at:at+b.taps]))
		for phase += s.step; phase >= b.phases; phase -= b.phases {
			at++
		}
	}
	s.next = (at-len(src))*b.phases + phase
	copy(s.in[:b.taps-1], s.in[len(src):])
	return out
}

// reset forgets the past: silence before the first sample, which gives an output.
func (s *fraction) reset() {
	s.next = 0
	clear(s.in)
}

// dot filters a window with c. Both have the same length, a multiple of 4; the
// four sums do not wait for one another.
func dot(c, w []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(c) >= 4 && len(w) >= 4 {
		s0 += c[0] * w[0]
		s1 += c[1] * w[1]
		s2 += c[2] * w[2]
		s3 += c[3] * w[3]
		c, w = c[4:], w[4:]
	}
	return (s0 + s1) + (s2 + s3)
}
