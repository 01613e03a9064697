package agentcore

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// What the leg and the recorder make of a frame that was a packet is what they
// would have made of the frame.
func TestAPacketIsTheFrameToTheLine(t *testing.T) {
	for at := -32768; at < 32768; at += media.FrameSamples {
		var f, again media.Frame
		for i := range f {
			f[i] = int16(min(at+i, 32767))
		}
		p := pack(&f)
		p.unpack(&again)
		p.release()
		if want, got := string(g711.Encode(nil, &f)), string(g711.Encode(nil, &again)); got != want {
			t.Fatalf("samples from %d: coded as %x behind a packet, as %x without", at, got, want)
		}
	}
}

func TestAPacketThatNobodyOwnsIsLoud(t *testing.T) {
	p := pack(&media.Frame{})
	p.release()
	if p.code != allPoison {
		t.Error("a packet that was given back says what it said before")
	}
	defer func() {
		if recover() == nil {
			t.Error("it could be given back twice")
		}
	}()
	p.release()
}

// Every packet that a ledger takes is given back: when it was played, when the
// reply is cut, when the caller's frames have stalled, and when the reply was cut
// before it was sent.
func TestALedgerKeepsNoPacket(t *testing.T) {
	l := newLedger()
	l.open(1)
	phrase := l.plan(1, "hello", func(int) {})
	var all []*packet
	send := func(reply int) {
		p := pack(&media.Frame{})
		all = append(all, p)
		l.send(reply, phrase, p)
	}
	var f media.Frame
	for range ledgerFrames + 2 { // two are as good as played
		send(1)
	}
	for range 3 {
		l.play(&f, time.Time{})
	}
	l.cut(1)
	send(1)
	for i, p := range all {
		if p.code != allPoison {
			t.Errorf("packet %d of %d was not given back", i, len(all))
		}
	}
	if l.play(&f, time.Time{}); f != (media.Frame{}) {
		t.Error("a reply that was cut is still heard")
	}
}
