package wav

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// RecorderConfig says how a [Recorder] keeps its distance from the disk.
type RecorderConfig struct {
	Buffer time.Duration // sound kept in memory for a slow disk, 16 KB a second. Zero means 2 s
	Sync   time.Duration // of sound between updates of the file's length. Zero means 5 s

	// Peaks, if not nil, is written how the recording looks, every two seconds; see
	// [ReadPeaks]. It stays the caller's, to be closed after the Recorder.
	Peaks io.Writer
}

const (
	pair        = 2 * media.FrameSamples // bytes of one frame of both sides
	blockFrames = 25                     // half a second is handed over at once
)

// block is half a second on its way to the disk.
type block struct {
	silence int // frames lost before it, written as silence so that times stay true
	frames  int
	sound   [blockFrames * pair]byte
}

// blocks are what all recordings share. One holds a block while it is filled and
// written, not for good.
var blocks = sync.Pool{New: func() any { return new(block) }}

// Recorder writes a call to a stereo µ-law WAV file, the caller on the left, the
// agent on the right. A goroutine of its own does the writing, and is there only
// while there is something to write; what the disk is too slow for is replaced by
// silence and counted, so that a second of the file is a second of the call. If
// the process dies, all but the last seconds can be played by anything.
type Recorder struct {
	mu      sync.Mutex
	now     *block   // being filled; nil when a frame will need a new one
	full    []*block // to be written, oldest first
	held    int      // blocks that are filled, full or being written
	most    int
	owed    int  // frames lost since the last block
	lost    int  // frames lost in all
	writing bool // somebody takes from full until it is empty
	closed  bool
	work    sync.WaitGroup // who writes. Nobody begins once it is closed
	run     func()         // write: made once, so that beginning to write allocates nothing

	// Of whoever writes, then of Close.
	w      *Writer
	peaks  peakWriter
	file   io.Closer // nil if the caller's
	every  int64     // bytes between syncs
	synced int64

	finish sync.Once
	err    error // valid once it is finished
}

// CreateRecorder records to a new file at path, which must not exist. Call
// Close when the call is over.
func CreateRecorder(path string, c RecorderConfig) (*Recorder, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("wav: %w", err)
	}
	r, err := NewRecorder(f, c)
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	r.file = f
	return r, nil
}

// NewRecorder records to w, which stays the caller's, to be closed after the
// Recorder. Until then nobody else may write to it.
func NewRecorder(w io.WriteSeeker, c RecorderConfig) (*Recorder, error) {
	wr, err := NewWriter(w, Format{MuLaw, media.Rate, 2})
	if err != nil {
		return nil, err
	}
	r := newRecorder(wr, c)
	r.peaks.begin()
	return r, nil
}

func newRecorder(w *Writer, c RecorderConfig) *Recorder {
	if c.Buffer <= 0 {
		c.Buffer = 2 * time.Second
	}
	if c.Sync <= 0 {
		c.Sync = 5 * time.Second
	}
	const long = blockFrames * media.FrameDuration
	most := int((c.Buffer+long-1)/long) + 1 // and the one that is being filled
	r := &Recorder{
		most:  most,
		full:  make([]*block, 0, most),
		w:     w,
		peaks: peakWriter{w: c.Peaks},
		every: int64(c.Sync/media.FrameDuration) * int64(pair),
	}
	r.run = r.write
	return r
}

// Record keeps 20 ms of both sides; nil is silence. It neither waits for the
// disk nor, but for a block when more calls are recorded than before, allocates.
// After Close it does nothing but count.
func (r *Recorder) Record(caller, agent *media.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now == nil && !r.closed {
		r.now = r.take()
	}
	b := r.now
	if b == nil {
		r.lost++
		if !r.closed {
			r.owed++
		}
		return
	}
	interleave((*[pair]byte)(b.sound[b.frames*pair:]), cmp.Or(caller, &quiet), cmp.Or(agent, &quiet))
	if b.frames++; b.frames == blockFrames {
		r.handOver()
	}
}

// quiet is what is recorded of a side that says nothing.
var quiet media.Frame

// interleave codes both sides, a sample of each in turn.
func interleave(dst *[pair]byte, left, right *media.Frame) {
	for i, s := range left {
		both := uint16(g711.EncodeSample(s)) | uint16(g711.EncodeSample(right[i]))<<8
		binary.LittleEndian.PutUint16(dst[2*i:], both)
	}
}

// take returns an empty block, or nil if there are as many as may be.
func (r *Recorder) take() *block {
	if r.held == r.most {
		return nil
	}
	r.held++
	b := blocks.Get().(*block)
	b.frames, b.silence, r.owed = 0, r.owed, 0
	return b
}

// handOver has the present block written.
func (r *Recorder) handOver() {
	r.full, r.now = append(r.full, r.now), nil
	if !r.writing {
		r.writing = true
		r.work.Add(1)
		go r.run()
	}
}

// Dropped returns how many frames were lost: the disk was too slow, or Close
// had been called.
func (r *Recorder) Dropped() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost
}

// Close writes what is left, finishes the file, and returns the first error
// there was in the whole recording. Any goroutine may call it, any number of
// times.
func (r *Recorder) Close() error {
	r.mu.Lock()
	if !r.closed && r.now != nil {
		r.handOver()
	}
	r.closed = true
	r.mu.Unlock()
	r.work.Wait()
	r.finish.Do(r.end)
	return r.err
}

// end finishes the file once all blocks are written.
func (r *Recorder) end() {
	r.mu.Lock()
	owed := r.owed
	r.mu.Unlock()
	r.writeSilence(owed)
	r.peaks.flush()
	r.err = errors.Join(r.w.Close(), r.peaks.err)
	if r.file != nil {
		r.err = errors.Join(r.err, r.file.Close())
	}
}

// write is the goroutine that does the waiting, until nothing is left to write.
// After an error it goes on taking blocks, and throws them away.
func (r *Recorder) write() {
	defer r.work.Done()
	for b := r.next(nil); b != nil; b = r.next(b) {
		r.writeSilence(b.silence)
		r.w.writeData(b.sound[:b.frames*pair])
		r.peaks.sound(b.sound[:b.frames*pair])
		if r.w.size-r.synced >= r.every {
			r.w.Sync() // the Writer keeps its error for the end
			r.synced = r.w.size
		}
	}
}

// next gives the block back that was written, and returns the next; nil, and the
// goroutine must write no more, if there is none.
func (r *Recorder) next(written *block) *block {
	r.mu.Lock()
	defer r.mu.Unlock()
	if written != nil {
		r.held--
		blocks.Put(written)
	}
	if len(r.full) == 0 {
		r.writing = false
		return nil
	}
	b := r.full[0]
	r.full = append(r.full[:0], r.full[1:]...)
	return b
}

// noSound is one frame of silence on both sides.
var noSound = bytes.Repeat([]byte{g711.Silence}, pair)

func (r *Recorder) writeSilence(frames int) {
	for range frames {
		r.w.writeData(noSound)
		r.peaks.sound(noSound)
	}
}
