package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hookswitch/hookswitch/media/g711"
)

// ErrFull is returned when a file would pass WAV's limit of 4 GB: 74 hours of a
// call in µ-law.
var ErrFull = errors.New("wav: the file is full: its format ends at 4 GB")

// maxData leaves room for the header and a pad byte.
const maxData = 1<<32 - 1<<10

// Writer writes a file piece by piece. From its first moment the file can be
// read: its sizes are given as unknown until [Writer.Sync] or [Writer.Close]
// writes them, which readers take for "to the end". It is used by one goroutine.
type Writer struct {
	w    io.WriteSeeker
	f    Format
	head int64  // bytes before the samples
	size int64  // bytes of samples
	err  error  // the first; nothing is written after it
	buf  []byte // for what is encoded
}

// bufBytes is the room that samples are encoded in. What writes only what is
// encoded already needs no more than a header's.
const bufBytes = 4096

// NewWriter begins a file at the beginning of w, which stays the caller's.
func NewWriter(w io.WriteSeeker, f Format) (*Writer, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	wr := &Writer{w: w, f: f}
	head := f.appendHeader(nil, unknown)
	wr.buf, wr.head = head, int64(len(head))
	wr.write(head)
	return wr, wr.err
}

// Write appends samples, channel by channel in turn: left, right, left, right. A
// length that the number of channels does not divide is an error. Every error
// but that one is final. Only the first call allocates.
func (w *Writer) Write(samples []int16) error {
	if len(samples)%w.f.Channels != 0 {
		return fmt.Errorf("wav: %d samples do not fill %d channels", len(samples), w.f.Channels)
	}
	for len(samples) > 0 && w.err == nil {
		n := min(len(samples), bufBytes/2)
		w.writeData(w.encode(samples[:n]))
		samples = samples[n:]
	}
	return w.err
}

// encode returns samples as the file keeps them, in w.buf.
func (w *Writer) encode(samples []int16) []byte {
	if cap(w.buf) < bufBytes {
		w.buf = make([]byte, 0, bufBytes)
	}
	b := w.buf[:0]
	if w.f.Encoding == MuLaw {
		for _, s := range samples {
			b = append(b, g711.EncodeSample(s))
		}
		return b
	}
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

// writeData appends samples that are encoded already.
func (w *Writer) writeData(b []byte) {
	if w.err == nil && w.size+int64(len(b)) > maxData {
		w.err = ErrFull
	}
	if w.write(b) {
		w.size += int64(len(b))
	}
}

// write reports whether b, and all before it, was written.
func (w *Writer) write(b []byte) bool {
	if w.err != nil {
		return false
	}
	if _, err := w.w.Write(b); err != nil {
		w.err = fmt.Errorf("wav: write: %w", err)
	}
	return w.err == nil
}

// Sync writes into the file's header how long it is by now.
func (w *Writer) Sync() error {
	w.seek(0)
	w.write(w.f.appendHeader(w.buf[:0], uint32(w.size)))
	w.seek(w.head + w.size)
	return w.err
}

func (w *Writer) seek(offset int64) {
	if w.err != nil {
		return
	}
	if _, err := w.w.Seek(offset, io.SeekStart); err != nil {
		w.err = fmt.Errorf("wav: seek: %w", err)
	}
}

// Close finishes the file, and returns the first error there was. It does not
// close what it wrote to. A file that grew full is finished all the same.
func (w *Writer) Close() error {
	full := errors.Is(w.err, ErrFull)
	if full {
		w.err = nil
	}
	if w.size%2 == 1 {
		w.write([]byte{0}) // chunks have an even length; this byte isn't counted
	}
	err := w.Sync()
	if full && err == nil {
		err = ErrFull
	}
	if w.err == nil {
		w.err = errors.New("wav: write after close")
	}
	return err
}
