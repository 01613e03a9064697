package tone

const (
	blockSize = 3    // frames: 60 ms, shorter than any pause between two sentences
	blocks    = 32   // nearly 2 s of them
	voiceOver = 16.0 // a block so much above the quietest is no noise: 12 dB
)

// around is the energy of the last two seconds that were no tone.
type around struct {
	blocks    [blocks]float64 // means
	at, known int
	sum       float64 // of the block that goes on
	frames    int     // of it
	low, high float64 // the quietest block, and the loudest
}

// hear takes a frame that is no tone.
func (a *around) hear(power float64) {
	a.sum += power
	if a.frames++; a.frames < blockSize {
		return
	}
	a.blocks[a.at] = a.sum / blockSize
	a.at, a.known = (a.at+1)%blocks, min(a.known+1, blocks)
	a.sum, a.frames = 0, 0
	a.low, a.high = a.blocks[0], a.blocks[0]
	for _, p := range a.blocks[1:a.known] {
		a.low, a.high = min(a.low, p), max(a.high, p)
	}
}

// voices reports whether there was something other than steady noise.
func (a *around) voices() bool { return a.high > floor && a.high > voiceOver*a.low }
