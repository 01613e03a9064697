package bench

import (
	"encoding/base64"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony/twilio/wire"

	zaf "github.com/zaf/g711"
)

var benchIDs = idsOf(account, 7)

// BenchmarkFrameInWhole is all of our own work for a frame that arrives: the
// bytes of a media message parsed, decoded, judged and recorded. The socket's
// part is in BenchmarkKernelFloor.
func BenchmarkFrameInWhole(b *testing.B) {
	text := appendMedia(nil, benchIDs, 2, 1, newCaller().voice[0].text)
	recorder := record(b)
	gate := vad.NewGate(&vad.Energy{})
	var m wire.Message
	var f, agent media.Frame
	ulaw := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		if err := wire.Parse(text, &m); err != nil {
			b.Fatal(err)
		}
		sound, err := wire.Decode(ulaw, m.Payload)
		if err != nil {
			b.Fatal(err)
		}
		if err := g711.Decode(&f, sound); err != nil {
			b.Fatal(err)
		}
		gate.Speech(&f)
		recorder.Record(&f, &agent)
	}
}

// BenchmarkFrameInPeer is the same parse and decode by the libraries that one
// would reach for: encoding/json and zaf/g711.
func BenchmarkFrameInPeer(b *testing.B) {
	text := appendMedia(nil, benchIDs, 2, 1, newCaller().voice[0].text)
	b.ReportAllocs()
	for b.Loop() {
		sound, err := understandByLibrary(text)
		if err != nil {
			b.Fatal(err)
		}
		if pcm := zaf.DecodeUlaw(sound); len(pcm) != 2*media.FrameSamples {
			b.Fatal(len(pcm))
		}
	}
}

// BenchmarkFrameInParsed is our own part of what BenchmarkFrameInPeer does.
func BenchmarkFrameInParsed(b *testing.B) {
	text := appendMedia(nil, benchIDs, 2, 1, newCaller().voice[0].text)
	var m wire.Message
	var f media.Frame
	ulaw := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		if err := wire.Parse(text, &m); err != nil {
			b.Fatal(err)
		}
		sound, err := wire.Decode(ulaw, m.Payload)
		if err != nil {
			b.Fatal(err)
		}
		if err := g711.Decode(&f, sound); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFrameOutWhole is all of our own work for a frame that leaves: samples
// to a message.
func BenchmarkFrameOutWhole(b *testing.B) {
	f := speech(1, 1)[0]
	ulaw, text := make([]byte, 0, 512), make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		ulaw = g711.Encode(ulaw[:0], &f)
		text = wire.AppendMedia(text[:0], benchIDs.stream, ulaw)
	}
}

// BenchmarkFrameOutPeer is the same by encoding/json and zaf/g711.
func BenchmarkFrameOutPeer(b *testing.B) {
	f := speech(1, 1)[0]
	pcm := make([]byte, 0, 2*media.FrameSamples)
	for _, s := range f {
		pcm = append(pcm, byte(s), byte(s>>8))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mediaByLibrary(benchIDs.stream, zaf.EncodeUlaw(pcm)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkKernelFloor is what no gateway can do without: one message of the
// usual size read from a TCP socket on loopback, one written to it. "calls" are
// plain system calls, as few as can be; "net" is Go's net.Conn, whose far end
// is always ready, so that nobody waits.
func BenchmarkKernelFloor(b *testing.B) {
	in := appendFrame(nil, opText, appendMedia(nil, benchIDs, 2, 1, newCaller().voice[0].text))
	out := append([]byte{0x81, 126, 0, 0}, wire.AppendMedia(nil, benchIDs.stream, make([]byte, media.FrameSamples))...)
	b.Run("net", func(b *testing.B) {
		near, far := pair(b)
		var drained sync.WaitGroup
		drained.Go(func() { io.Copy(io.Discard, far) })
		go func() { // ends when the socket does
			many := make([]byte, 0, 64*len(in))
			for range 64 {
				many = append(many, in...)
			}
			for {
				if _, err := far.Write(many); err != nil {
					return
				}
			}
		}()
		buf := make([]byte, len(in))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := io.ReadFull(near, buf); err != nil {
				b.Fatal(err)
			}
			if _, err := near.Write(out); err != nil {
				b.Fatal(err)
			}
		}
		near.Close()
		drained.Wait()
	})
	b.Run("calls", func(b *testing.B) { floor(b, in, out) })
}

// pair is a TCP connection over loopback.
func pair(b *testing.B) (near, far net.Conn) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	if far, err = net.Dial("tcp", l.Addr().String()); err != nil {
		b.Fatal(err)
	}
	if near, err = l.Accept(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// record is a recorder on a file that is thrown away.
func record(b *testing.B) *wav.Recorder {
	b.Helper()
	r, err := wav.CreateRecorder(b.TempDir()+"/call.wav", wav.RecorderConfig{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := r.Close(); err != nil {
			b.Error(err)
		}
	})
	return r
}

func TestWhatWeSendIsUnderstood(t *testing.T) {
	want := newCaller().voice[3]
	text := appendMedia(nil, benchIDs, 17, 16, want.text)
	var m wire.Message
	if err := wire.Parse(text, &m); err != nil || m.Kind != wire.Media || string(m.StreamSID) != benchIDs.stream {
		t.Fatalf("%v: %s", err, text)
	}
	sound, err := base64.StdEncoding.DecodeString(string(m.Payload))
	if err != nil || string(sound) != string(want.ulaw[:]) {
		t.Errorf("%v: another sound", err)
	}
}
