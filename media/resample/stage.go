package resample

// stage changes the rate, by a factor of 2 or 3 or by a fraction. It keeps the
// samples that later ones still need, so it may be fed in pieces of any size.
type stage interface {
	// run consumes src, at most what the stage was made for, and returns what
	// came of it, in memory that is the stage's until the next run.
	run(src []float32) []float32
	reset()
}

// past is how many samples before the newest one a window reaches back.
const past = taps - 1

// up multiplies the rate by ratio.
type up struct {
	ratio int
	in    []float32 // the last past samples, then room for a block
	out   []float32
}

func newUp(ratio, block int) *up {
	return &up{ratio, make([]float32, past+block), make([]float32, ratio*block)}
}

func (s *up) run(src []float32) []float32 {
	copy(s.in[past:], src)
	out := s.out[:0]
	for n := range src {
		w := (*[taps]float32)(s.in[n:])
		if s.ratio == 2 {
			out = append(out, even(&twoFold, w), w[taps-1-centre])
			continue
		}
		e, o := even(&threeEven, w), odd(&threeOdd, w)
		out = append(out, e+o, e-o, w[taps-1-centre])
	}
	copy(s.in[:past], s.in[len(src):])
	return out
}

func (s *up) reset() { clear(s.in) }

// down divides the rate by ratio. Sample 0 gives an output, then every ratio-th.
type down struct {
	ratio int
	turn  int          // the phase that the next sample belongs to
	fill  [3]int       // samples held in each phase
	in    [3][]float32 // the phases: samples ratio apart, oldest first
	out   []float32
}

func newDown(ratio, block int) *down {
	s := &down{ratio: ratio, out: make([]float32, block/ratio+1)}
	for p := range ratio {
		s.in[p] = make([]float32, taps+block/ratio+1)
	}
	s.reset()
	return s
}

func (s *down) run(src []float32) []float32 {
	s.deal(src)
	n := s.fill[0] - past // as many as there are new samples in phase 0
	out := s.out[:n]
	if s.ratio == 2 {
		s.half(out)
	} else {
		s.third(out)
	}
	for p := range s.ratio {
		copy(s.in[p], s.in[p][n:s.fill[p]])
		s.fill[p] -= n
	}
	return out
}

// deal sorts src into the phases. Phase p holds the samples that come p before
// an output, so they are served in falling order.
func (s *down) deal(src []float32) {
	for _, x := range src {
		s.in[s.turn][s.fill[s.turn]] = x
		s.fill[s.turn]++
		if s.turn--; s.turn < 0 {
			s.turn = s.ratio - 1
		}
	}
}

func (s *down) half(out []float32) {
	for n := range out {
		w := (*[taps]float32)(s.in[0][n:])
		out[n] = (even(&twoFold, w) + s.in[1][n+taps-1-centre]) * (1. / 2)
	}
}

func (s *down) third(out []float32) {
	for n := range out {
		u, v := (*[taps]float32)(s.in[0][n:]), (*[taps]float32)(s.in[1][n:])
		out[n] = (mirrored(&threeFold, u, v) + s.in[2][n+taps-1-centre]) * (1. / 3)
	}
}

// reset forgets the past: silence before the first sample.
func (s *down) reset() {
	s.turn = 0
	for p := range s.ratio {
		clear(s.in[p])
		s.fill[p] = taps
	}
	s.fill[0] = past // its newest sample is the next one to come
}
