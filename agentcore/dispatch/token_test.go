package dispatch

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

func FuzzToken(f *testing.F) {
	s := signer{[]byte("0123456789abcdef")}
	genuine := s.token("call_1", 7)
	for _, token := range []string{"", ".", "..", "...", genuine, genuine + "A", "x" + genuine, strings.Repeat("a.", 200), "call_1.7.", ".7." + genuine} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if id, epoch, ok := s.open(token); ok && token != genuine {
			t.Errorf("open(%q) = %s, %d: forged", token, id, epoch)
		}
	})
}

func TestTokenIsForOneCallAndEpoch(t *testing.T) {
	s := signer{[]byte("0123456789abcdef")}
	if id, epoch, ok := s.open(s.token("call_1", 7)); !ok || id != "call_1" || epoch != 7 {
		t.Errorf("open(token) = %s, %d, %v, want call_1, 7", id, epoch, ok)
	}
	if s.token("call_1", 7) != s.token("call_1", 7) {
		t.Error("two tokens for one epoch")
	}
	mac := s.token("call_1", 1)[len("call_1.1."):]
	for _, forged := range []string{
		"call_2.1." + mac, "call_1.2." + mac, "call_1.01." + mac, "call_.11." + mac, "call_1.1." + strings.ToUpper(mac),
		signer{[]byte("another secret!!")}.token("call_1", 1),
		s.token("call_1", 0), s.token("call_1", -1), s.token("", 1),
	} {
		if _, _, ok := s.open(forged); ok {
			t.Errorf("open(%q) accepted", forged)
		}
	}
}

// endless is a leg that always has a frame.
type endless struct{ telephony.Leg }

func (endless) Next(*media.Frame) (telephony.Event, error) {
	return telephony.Event{Kind: telephony.Audio}, nil
}

func TestFrameThroughTheDeskCostsNoMemory(t *testing.T) {
	l := newLine(endless{}, 1, func(error) {})
	var f media.Frame
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := l.Next(&f); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per frame, want 0", n)
	}
}

func BenchmarkFrame(b *testing.B) {
	l := newLine(endless{}, 1, func(error) {})
	var f media.Frame
	for b.Loop() {
		if _, err := l.Next(&f); err != nil {
			b.Fatal(err)
		}
	}
}

// ended is a leg at its end.
type ended struct{ telephony.Leg }

func (ended) Next(*media.Frame) (telephony.Event, error) { return telephony.Event{}, io.EOF }

func TestLineAtItsEndIsNotAlive(t *testing.T) {
	l := newLine(ended{}, 1, func(error) {})
	l.newest.Store(1)
	if !l.alive(l.began) {
		t.Error("a fresh frame does not count")
	}
	if _, err := l.Next(nil); !errors.Is(err, io.EOF) {
		t.Errorf("Next() = %v, want the leg's own error", err)
	}
	if l.alive(l.began) {
		t.Error("alive after its end")
	}
}
