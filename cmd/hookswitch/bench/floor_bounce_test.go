package bench

import (
	"bytes"
	"slices"
	"testing"
)

// What the floor sends is what Twilio would take, and plays what was heard,
// however the stream is cut into reads.
func TestTheFloorPlaysWhatItHears(t *testing.T) {
	id, caller := idsOf(account, 7), newCaller()
	in := appendFrame(nil, opText, []byte(connectedText))
	in = appendFrame(in, opText, appendStart(nil, id, "token"))
	const frames = 5
	for i := range frames {
		in = appendFrame(in, opText, appendMedia(nil, id, 2+i, 1+i, caller.line(i).text))
		in = appendFrame(in, opText, appendMark(nil, id, 3+i, "word"))
	}
	for cut := 1; cut < len(in); cut += 7 {
		var out, rest []byte
		total := 0
		for piece := range slices.Chunk(in, cut) {
			var n int
			out, rest, n = bounce(out, append(slices.Clone(rest), piece...))
			total += n
		}
		if total != frames || len(rest) != 0 {
			t.Fatalf("in pieces of %d: %d frames, and %d bytes left", cut, total, len(rest))
		}
		for i := range frames {
			size := len(out) / (frames - i)
			h, err := understand(out[4:size], id.stream, nil)
			if err != nil || !bytes.Equal(h.ulaw, caller.line(i).ulaw[:]) {
				t.Fatalf("in pieces of %d: frame %d came back as %+v, %v", cut, i, h, err)
			}
			out = out[size:]
		}
	}
}

func FuzzBounce(f *testing.F) {
	id := idsOf(account, 7)
	f.Add(appendFrame(nil, opText, appendMedia(nil, id, 2, 1, bytes.Repeat([]byte{'a'}, soundText))))
	f.Add([]byte{0x81, 126, 255, 255, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		out, rest, frames := bounce(nil, in)
		if len(rest) > len(in) || len(out) > 2*len(in) || (frames == 0) != (len(out) == 0) {
			t.Errorf("%d bytes became %d, %d left, %d frames", len(in), len(out), len(rest), frames)
		}
	})
}
