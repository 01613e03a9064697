package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gocloud.dev/gcerrors"

	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony"
)

// ErrNone means that a call has no recording, or none that can be heard yet.
var ErrNone = errors.New("blob: there is no recording")

// part is the sound of one epoch in the whole call's.
type part struct {
	object string
	at     int64 // of the whole's sound, in bytes, where it begins
	size   int64 // bytes of sound that are played
}

// Sound is the recording of a whole call as one WAV file: the parts of its
// epochs, with silence of the true length between them. It reads what it is asked
// for and keeps nothing. It is used by one goroutine, and closed.
type Sound struct {
	ctx   context.Context
	b     *Bucket
	head  []byte
	parts []part
	size  int64 // of the file
	at    int64
	mod   time.Time

	open   io.ReadCloser // of parts[of], standing at openAt of the file; or nil
	of     int
	openAt int64
}

// Sound opens the recording of a call, as far as it goes by now. It fails with
// [ErrNone]. ctx is of all that is read of it.
func (b *Bucket) Sound(ctx context.Context, call telephony.CallID) (*Sound, error) {
	parts, mod, err := b.parts(ctx, call)
	if err != nil {
		return nil, err
	}
	last := parts[len(parts)-1]
	sound := last.at + last.size
	head := wav.CallHeader(sound)
	return &Sound{ctx: ctx, b: b, head: head, parts: parts, size: int64(len(head)) + sound, mod: mod}, nil
}

// parts lists where a call's sound is. Where one part runs into the next, the
// next is the true one: it belongs to who had the call then.
func (b *Bucket) parts(ctx context.Context, call telephony.CallID) ([]part, time.Time, error) {
	rows, err := b.rows.Recordings(ctx, call)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("blob: %w", err)
	}
	var all []part
	var newest time.Time
	for _, r := range rows {
		a, err := b.bucket.Attributes(ctx, r.Object)
		if gcerrors.Code(err) == gcerrors.NotFound {
			continue // it grows in another node's spool, or somebody removed it
		}
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("blob: %w", err)
		}
		size := (a.Size - wav.CallHead) / 2 * 2
		if size <= 0 {
			continue
		}
		if a.ModTime.After(newest) {
			newest = a.ModTime
		}
		p := part{r.Object, wav.CallBytes(max(0, r.Start)) / 2 * 2, size}
		if n := len(all); n > 0 {
			before := &all[n-1]
			p.at = max(p.at, before.at)
			before.size = min(before.size, p.at-before.at)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, time.Time{}, ErrNone
	}
	return all, newest, nil
}

// Size is the length of the file in bytes.
func (s *Sound) Size() int64 { return s.size }

// Length is how long the sound lasts.
func (s *Sound) Length() time.Duration { return wav.CallTime(s.size - int64(len(s.head))) }

// Modified is when the newest part of it was written last.
func (s *Sound) Modified() time.Time { return s.mod }

// Close lets go of what is being read.
func (s *Sound) Close() error {
	if s.open == nil {
		return nil
	}
	r := s.open
	s.open = nil
	return r.Close()
}

// Seek implements [io.Seeker].
func (s *Sound) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("blob: seek before the beginning")
	}
	s.at = offset
	return offset, nil
}

// Read implements [io.Reader].
func (s *Sound) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if s.at >= s.size {
		return 0, io.EOF
	}
	if s.at < int64(len(s.head)) {
		n := copy(b, s.head[s.at:])
		s.at += int64(n)
		return n, nil
	}
	n, err := s.sound(b[:min(int64(len(b)), s.size-s.at)], s.at-int64(len(s.head)))
	s.at += int64(n)
	return n, err
}

// sound reads b at an offset of the sound: of one part, or of the silence before
// the next one.
func (s *Sound) sound(b []byte, at int64) (int, error) {
	for i, p := range s.parts {
		switch {
		case at < p.at:
			return silence(b[:min(int64(len(b)), p.at-at)]), nil
		case at < p.at+p.size:
			return s.read(i, b[:min(int64(len(b)), p.at+p.size-at)], at-p.at)
		}
	}
	return 0, io.ErrUnexpectedEOF
}

// read reads b of part i at its offset.
func (s *Sound) read(i int, b []byte, at int64) (int, error) {
	if s.open == nil || s.of != i || s.openAt != at {
		if err := s.Close(); err != nil {
			return 0, fmt.Errorf("blob: %w", err)
		}
		p := s.parts[i]
		r, err := s.b.bucket.NewRangeReader(s.ctx, p.object, wav.CallHead+at, p.size-at, nil)
		if err != nil {
			return 0, fmt.Errorf("blob: %w", err)
		}
		s.open, s.of, s.openAt = r, i, at
	}
	n, err := s.open.Read(b)
	s.openAt += int64(n)
	if n > 0 {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return 0, err
}

var quiet = bytes.Repeat([]byte{wav.CallSilence}, 4096)

func silence(b []byte) int {
	n := 0
	for n < len(b) {
		n += copy(b[n:], quiet)
	}
	return n
}

// Peaks is how a call's whole recording looks, each peak being 10 ms; sides of
// which nothing is known are flat. It fails with [ErrNone].
func (b *Bucket) Peaks(ctx context.Context, call telephony.CallID) (wav.Peaks, error) {
	parts, _, err := b.parts(ctx, call)
	if err != nil {
		return wav.Peaks{}, err
	}
	const each = 2 * wav.PeakSamples // bytes of sound
	last := parts[len(parts)-1]
	var all wav.Peaks
	for side := range all {
		all[side] = make([]wav.Peak, (last.at+last.size+each-1)/each)
	}
	for _, p := range parts {
		got, err := b.peaks(ctx, p.object)
		if err != nil {
			return wav.Peaks{}, err
		}
		from, to := p.at/each, (p.at+p.size+each-1)/each
		for side := range all {
			copy(all[side][from:to], got[side])
		}
	}
	return all, nil
}

// peaks reads those of one part; there are none when they are damaged or gone.
func (b *Bucket) peaks(ctx context.Context, object string) (wav.Peaks, error) {
	r, err := b.bucket.NewReader(ctx, peaksOf(object), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return wav.Peaks{}, nil
	}
	if err != nil {
		return wav.Peaks{}, fmt.Errorf("blob: %w", err)
	}
	defer r.Close()
	p, err := wav.ReadPeaks(r)
	if errors.Is(err, wav.ErrPeaks) {
		err = nil
	}
	return p, err
}
