package agentcore

import (
	"sync"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// packet is a frame as the line has it, in µ-law: half as big, and what the leg
// and the recorder make of it is the same to the bit. It is taken from what all
// calls share, for the time between a voice and the caller's ear.
//
// It has one owner at a time: the maker, the channel, the player, the ledger. Who
// has it last frees it; one that is forgotten, as a cut reply's are, is garbage.
type packet struct {
	code [g711.FrameBytes]byte
}

var packets = sync.Pool{New: func() any { return new(packet) }}

// poisoned has packets that nobody owns overwritten, for tests: who still reads
// one hears it.
var poisoned bool

// spoil poisons p. It panics if p is poisoned already, for then it was given back
// twice, and two calls would speak with one voice.
func (p *packet) spoil() {
	if p.code == allPoison {
		panic("agentcore: a packet was given back twice")
	}
	p.code = allPoison
}

// allPoison is what they hear: 20 ms of a growl that no voice makes.
var allPoison = func() (code [g711.FrameBytes]byte) {
	for i := range code {
		code[i] = byte(i * 7)
	}
	return code
}()

// pack copies f into a packet, whose owner the caller is.
func pack(f *media.Frame) *packet {
	p := packets.Get().(*packet)
	g711.Encode(p.code[:0], f)
	return p
}

// unpack copies p into f.
func (p *packet) unpack(f *media.Frame) { g711.Restore(f, &p.code) }

// release gives p back. Nobody may use it from now on.
func (p *packet) release() {
	if poisoned {
		p.spoil()
	}
	packets.Put(p)
}
