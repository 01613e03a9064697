package sim

import (
	"testing"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// BenchmarkTick is 20 ms of one stream: what a carrier costs beside the socket.
func BenchmarkTick(b *testing.B) {
	c, err := New(Config{AccountSID: "AC0123456789abcdef0123456789abcdef", AuthToken: "x", Forget: true})
	if err != nil {
		b.Fatal(err)
	}
	call, err := c.newCall(callSpec{direction: inbound})
	if err != nil {
		b.Fatal(err)
	}
	s := &stream{call: call, phone: handset.Silent, sid: newSID("MZ"), out: make(chan outgoing, 2), started: true}
	said := handset.Loud(media.FrameDuration)[0]
	var hear media.Frame
	ulaw := make([]byte, media.FrameSamples)
	b.ReportAllocs()
	for b.Loop() {
		s.playout.write(ulaw)
		s.tick(0, &said, 0, &hear)
		<-s.out
	}
}
