package corpus

// usual is how loud speech is on a line, in dBFS: between what a whisperer and a
// shouter into a telephone make of it.
func (d *dice) usual() float64 { return d.between(-28, -18) }

// line draws what a line does. Half of them are good; of the others each has one
// of the faults that the corpus is to hold.
func (d *dice) line() Line {
	quiet := Line{Noise: Comfort, NoiseAt: d.between(-70, -60)}
	switch d.IntN(16) {
	case 0:
		return Line{Noise: White, NoiseAt: d.between(-55, -40)}
	case 1:
		return Line{Noise: Pink, NoiseAt: d.between(-50, -38)}
	case 2:
		return Line{Noise: Babble, NoiseAt: d.between(-50, -40)}
	case 3:
		quiet.Lost = .02
	case 4:
		quiet.Lost, quiet.Concealed = .02, true
	case 5:
		quiet.Lost = .1
	case 6:
		quiet.Lost, quiet.Concealed = .1, true
	case 7: // clipped
		quiet.Gain = d.between(18, 26)
	case 8: // very quiet
		quiet.Gain = d.between(-16, -12)
	case 9:
		return Line{}
	}
	return quiet
}

// grid is every combination of a signal-to-noise ratio and a kind of noise, the
// i-th of them, under speech of that level.
func grid(i int, level float64) Line {
	kinds := []Noise{White, Pink, Babble}
	ratios := []float64{20, 15, 10, 6}
	return Line{Noise: kinds[i%len(kinds)], NoiseAt: level - ratios[i/len(kinds)%len(ratios)]}
}
