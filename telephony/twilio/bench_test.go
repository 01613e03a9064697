package twilio

import (
	"io"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// BenchmarkFrameIn is our part of a frame that arrives: message to samples.
func BenchmarkFrameIn(b *testing.B) {
	var m marks
	in := inbound{stream: testStream, marks: &m, count: func(string) {}}
	text := []byte(mediaText(repeat(160)))
	var frame media.Frame
	b.ReportAllocs()
	for b.Loop() {
		in.take(text)
		for in.frame(&frame) {
		}
	}
}

// BenchmarkFrameOut is our part of a frame that leaves: samples to message.
func BenchmarkFrameOut(b *testing.B) {
	for name, lump := range map[string]time.Duration{"20ms": 20 * time.Millisecond, "60ms": 60 * time.Millisecond} {
		b.Run(name, func(b *testing.B) {
			out := newOutbound(testStream, lump)
			var frame media.Frame
			now := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				out.add(&frame, now)
			}
		})
	}
}

// BenchmarkSocket is one frame in and one out over a real loopback socket, with
// what gorilla and the kernel add. The far end is in the same process, so its
// writes and reads count too.
func BenchmarkSocket(b *testing.B) {
	for name, lump := range map[string]time.Duration{"20ms": 20 * time.Millisecond, "60ms": 60 * time.Millisecond} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, func(c *Config) { c.Leg.Lump = lump })
			heard := make(chan struct{}, 1024)
			r.desk.talk = func(leg telephony.Leg) error {
				var f media.Frame
				for {
					if _, err := leg.Next(&f); err != nil {
						return nil
					}
					if err := leg.Write(&f); err != nil {
						return nil
					}
					heard <- struct{}{}
				}
			}
			f := r.talking()
			go io.Copy(io.Discard, f.r)
			message := frame(opText, []byte(mediaText(repeat(160))))
			b.ReportAllocs()
			for b.Loop() {
				f.conn.Write(message)
				<-heard
			}
			b.StopTimer()
			f.conn.Close()
		})
	}
}
