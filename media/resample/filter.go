package resample

import "math"

// taps is the number of coefficients in one phase of a filter, which is also how
// many samples of the lower rate one output sample is made from. With 32 the
// stop band is 70 dB down, far below the noise of G.711 itself (about 38 dB),
// and the delay is 2 ms.
const taps = 32

// centre is the place, within its phase, of the one coefficient that is not zero
// in the phase that the filter's centre falls into. See [prototype].
const centre = taps/2 - 1

// beta shapes the Kaiser window: side lobes about 70 dB down.
const beta = 6.9

// prototype returns the low-pass filter that goes with a change of rate by
// ratio: a windowed sinc of ratio*taps-1 coefficients at the higher rate, half
// power at half the lower rate. It is 1 at its centre and 0 at every ratio-th
// place from there, so that one phase in ratio is a mere delay and costs
// nothing (for ratio 2 this is the half-band filter, 63 taps). For telephone
// audio, 8 <-> 16 kHz, it is flat to 3.4 kHz and has closed by 4.6 kHz.
func prototype(ratio int) []float64 {
	h := make([]float64, ratio*taps)
	mid := (ratio*taps - 2) / 2
	for i := range ratio*taps - 1 {
		k := i - mid
		if k%ratio == 0 {
			if k == 0 {
				h[i] = 1
			}
			continue
		}
		x := math.Pi * float64(k) / float64(ratio)
		u := float64(k) / float64(mid+1)
		h[i] = math.Sin(x) / x * bessel0(beta*math.Sqrt(1-u*u)) / bessel0(beta)
	}
	return levelled(h, ratio)
}

// levelled scales each phase of h to a sum of 1, so that a constant comes out as
// the same constant, without a ripple at the higher rate.
func levelled(h []float64, ratio int) []float64 {
	for p := range ratio {
		sum := 0.0
		for i := p; i < len(h); i += ratio {
			sum += h[i]
		}
		for i := p; i < len(h); i += ratio {
			h[i] /= sum
		}
	}
	return h
}

// bessel0 is the modified Bessel function of the first kind, order 0.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

// phase returns every ratio-th coefficient of h from p on, newest sample's last:
// in the order of a window of samples, oldest first.
func phase(h []float64, ratio, p int) (c [taps]float64) {
	for j := range c {
		c[taps-1-j] = h[j*ratio+p]
	}
	return c
}

// half holds the first half of a phase's coefficients; the symmetry of the whole
// filter gives the other.
type half [taps / 2]float32

// Coefficients, made once.
//
// Ratio 2: phase 0 is symmetric, phase 1 is a delay.
//
// Ratio 3: phases 0 and 1 mirror each other, phase 2 is a delay. On the way down
// both filter samples of their own, so that one set of coefficients serves both.
// On the way up they filter the same samples: split into what the two have in
// common and what they differ by, one is even + odd and the other even - odd, at
// the cost of one filter instead of two.
var (
	twoFold   = halved(phase(prototype(2), 2, 0), 1)
	threeFold = single(phase(prototype(3), 3, 0))
	threeEven = halved(phase(prototype(3), 3, 0), 1)
	threeOdd  = halved(phase(prototype(3), 3, 0), -1)
)

func single(c [taps]float64) (h [taps]float32) {
	for i := range h {
		h[i] = float32(c[i])
	}
	return h
}

// halved returns the first half of c's symmetric part (sign 1) or of its
// antisymmetric part (sign -1).
func halved(c [taps]float64, sign float64) (h half) {
	for i := range h {
		h[i] = float32((c[i] + sign*c[taps-1-i]) / 2)
	}
	return h
}

// The three loops below are where the time goes. Each sums four products at
// once, which do not wait for one another.

// even filters a window with the symmetric coefficients that c is half of.
func even(c *half, w *[taps]float32) float32 {
	var s0, s1, s2, s3 float32
	for i := 0; i < taps/2; i += 4 {
		s0 += c[i] * (w[i] + w[taps-1-i])
		s1 += c[i+1] * (w[i+1] + w[taps-2-i])
		s2 += c[i+2] * (w[i+2] + w[taps-3-i])
		s3 += c[i+3] * (w[i+3] + w[taps-4-i])
	}
	return (s0 + s1) + (s2 + s3)
}

// odd filters a window with the antisymmetric coefficients that c is half of.
func odd(c *half, w *[taps]float32) float32 {
	var s0, s1, s2, s3 float32
	for i := 0; i < taps/2; i += 4 {
		s0 += c[i] * (w[i] - w[taps-1-i])
		s1 += c[i+1] * (w[i+1] - w[taps-2-i])
		s2 += c[i+2] * (w[i+2] - w[taps-3-i])
		s3 += c[i+3] * (w[i+3] - w[taps-4-i])
	}
	return (s0 + s1) + (s2 + s3)
}

// mirrored filters u with the coefficients c and v with the same ones backwards,
// and adds the two.
func mirrored(c, u, v *[taps]float32) float32 {
	var s0, s1, s2, s3 float32
	for i := 0; i <= taps-4; i += 4 {
		s0 += c[i] * (u[i] + v[taps-1-i])
		s1 += c[i+1] * (u[i+1] + v[taps-2-i])
		s2 += c[i+2] * (u[i+2] + v[taps-3-i])
		s3 += c[i+3] * (u[i+3] + v[taps-4-i])
	}
	return (s0 + s1) + (s2 + s3)
}
