package wav

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// CallFormat is how a [Recorder] keeps a call: the caller left, the agent right.
var CallFormat = Format{MuLaw, media.Rate, 2}

// CallBytes is how many bytes of a recorded call last d: 16 a millisecond.
func CallBytes(d time.Duration) int64 { return 2 * int64(d) * media.Rate / int64(time.Second) }

// CallTime is how long n bytes of a recorded call last.
func CallTime(n int64) time.Duration {
	return time.Duration(n/2) * time.Second / media.Rate
}

// CallSilence is the code of silence in a recorded call.
const CallSilence = byte(g711.Silence)

// CallHeader is what comes before the sound of a recorded call, of which there
// are size bytes. It has [CallHead] bytes whatever the size.
func CallHeader(size int64) []byte {
	if size < 0 || size > maxData {
		return CallFormat.appendHeader(nil, unknown)
	}
	return CallFormat.appendHeader(nil, uint32(size))
}

// CallHead is the length of a [CallHeader].
var CallHead = int64(len(CallHeader(0)))

// RepairCall writes into the header of a recorded call how long it is, which its
// process did not live to do, and returns the bytes of its sound. size is the
// file's. Another's file is [ErrFormat], and left alone.
func RepairCall(f io.ReadWriteSeeker, size int64) (sound int64, err error) {
	head := make([]byte, CallHead)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, fmt.Errorf("wav: seek: %w", err)
	}
	if _, err := io.ReadFull(f, head); err != nil {
		return 0, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	want := CallHeader(0)
	const riffSize, factSize, dataSize = 4, 46, 54 // where sizes stand
	for _, at := range []int{riffSize, factSize, dataSize} {
		copy(head[at:at+4], want[at:])
	}
	if !bytes.Equal(head, want) {
		return 0, fmt.Errorf("%w: not a call's recording", ErrFormat)
	}
	sound = max(0, min(size-CallHead, maxData)) / 2 * 2
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, fmt.Errorf("wav: seek: %w", err)
	}
	if _, err := f.Write(CallHeader(sound)); err != nil {
		return 0, fmt.Errorf("wav: write: %w", err)
	}
	return sound, nil
}
