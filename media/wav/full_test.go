package wav

import (
	"errors"
	"testing"
)

// huge is a file with room for anything, which remembers only its beginning.
type huge struct {
	at   int64
	head [64]byte
}

func (h *huge) Seek(offset int64, _ int) (int64, error) { h.at = offset; return offset, nil }

func (h *huge) Write(b []byte) (int, error) {
	if h.at < int64(len(h.head)) {
		copy(h.head[h.at:], b)
	}
	h.at += int64(len(b))
	return len(b), nil
}

func TestFileOfFourGigabytesIsFullButWhole(t *testing.T) {
	var h huge
	w, err := NewWriter(&h, Format{PCM16, 8000, 1})
	if err != nil {
		t.Fatal(err)
	}
	w.size = maxData - 4
	if err := w.Write([]int16{1, 2}); err != nil {
		t.Errorf("the last four bytes: %v", err)
	}
	for range 2 {
		if err := w.Write([]int16{3}); !errors.Is(err, ErrFull) {
			t.Errorf("two bytes more: %v, want ErrFull", err)
		}
	}
	if err := w.Close(); !errors.Is(err, ErrFull) {
		t.Errorf("Close() = %v, want ErrFull", err)
	}
	want := string(Format{PCM16, 8000, 1}.appendHeader(nil, maxData))
	if got := string(h.head[:len(want)]); got != want {
		t.Errorf("the header is %q, want %q", got, want)
	}
}
