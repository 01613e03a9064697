package dtmf

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Player makes the sound of some keys, frame by frame. It allocates nothing.
type Player struct {
	keys      string // still to begin
	low, high sine   // of the key that sounds
	sample    int    // of its tone
	tone      int    // frames of it that are left
	quiet     int    // frames of silence that follow
}

// Play returns a player of keys. It fails as [Check] does.
func Play(keys string) (Player, error) {
	if err := Check(keys); err != nil {
		return Player{}, err
	}
	return Player{keys: keys}, nil
}

// Next puts the next 20 ms into f. It reports false, and leaves f as it was, when
// all was played.
func (p *Player) Next(f *media.Frame) bool {
	if p.tone == 0 && p.quiet == 0 && !p.begin() {
		return false
	}
	if p.tone == 0 {
		p.quiet--
		*f = media.Frame{}
		return true
	}
	p.tone--
	for i := range f {
		f[i] = int16((p.low.next() + p.high.next()) * p.swell())
		p.sample++
	}
	return true
}

// begin takes up the next key.
func (p *Player) begin() bool {
	if p.keys == "" {
		return false
	}
	key := p.keys[0]
	p.keys = p.keys[1:]
	if key == Pause {
		p.quiet = frames(PauseTime)
		return true
	}
	at := index[key]
	p.low, p.high = newSine(rows[at/4], lowLevel), newSine(columns[at%4], highLevel)
	p.sample, p.tone, p.quiet = 0, frames(ToneTime), frames(GapTime)
	return true
}

// swell is how loud the tone's next sample is, from 0 to 1.
func (p *Player) swell() float64 {
	const all = int(ToneTime * media.Rate / time.Second)
	edge := min(p.sample, all-1-p.sample)
	return min(1, float64(edge)/rampSamples)
}

func frames(d time.Duration) int { return int(d / media.FrameDuration) }
