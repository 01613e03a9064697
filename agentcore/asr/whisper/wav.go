package whisper

import (
	"encoding/binary"

	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/media"
)

// recording is pcm, whole frames at the line's rate, as a WAV file in format.
// (Package wav writes to a file on disk, and no other rate than it was given.)
func recording(format live.Format, pcm []int16) ([]byte, error) {
	enc, err := live.NewEncoder(format)
	if err != nil {
		return nil, err
	}
	h := header{tag: linear, width: 2, rate: format.Rate()}
	if format == live.Mulaw {
		h = header{tag: mulaw, width: 1, rate: media.Rate}
	}
	room := len(pcm) * h.width * h.rate / media.Rate
	file := h.append(make([]byte, 0, 64+room+64))
	start := len(file)
	for ; len(pcm) >= media.FrameSamples; pcm = pcm[media.FrameSamples:] {
		file = enc.Encode(file, (*media.Frame)(pcm))
	}
	h.finish(file, start)
	if len(file)%2 == 1 {
		file = append(file, 0) // chunks have an even length; this byte isn't counted
	}
	return file, nil
}

// WAV's tags of encodings.
const (
	linear = 1
	mulaw  = 7
)

// header is what a WAV file of one channel says of itself. For all formats but
// linear it has an empty extension and tells its samples, as Microsoft's
// "Multimedia Programming Interface and Data Specifications 1.0" wants.
type header struct {
	tag   int
	width int // bytes a sample
	rate  int // Hz
}

func (h header) append(b []byte) []byte {
	le := binary.LittleEndian
	b = append(b, "RIFF....WAVEfmt "...)
	size := uint32(16)
	if h.tag != linear {
		size = 18
	}
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(h.tag))
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, uint32(h.rate))
	b = le.AppendUint32(b, uint32(h.rate*h.width))
	b = le.AppendUint16(b, uint16(h.width))
	b = le.AppendUint16(b, uint16(8*h.width))
	if h.tag != linear {
		b = le.AppendUint16(b, 0)
		b = append(b, "fact"...)
		b = le.AppendUint32(b, 4)
		b = le.AppendUint32(b, 0)
	}
	b = append(b, "data"...)
	return le.AppendUint32(b, 0)
}

// finish writes the sizes into a file whose samples begin at start.
func (h header) finish(file []byte, start int) {
	le, size := binary.LittleEndian, uint32(len(file)-start)
	le.PutUint32(file[start-4:], size)
	le.PutUint32(file[4:], uint32(start-8)+size+size%2)
	if h.tag != linear {
		le.PutUint32(file[start-12:], size/uint32(h.width))
	}
}
