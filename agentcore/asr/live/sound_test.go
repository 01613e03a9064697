package live_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

func TestTheProviderGetsWhatWasWritten(t *testing.T) {
	for _, f := range []live.Format{live.Mulaw, live.PCM8k, live.PCM16k, "pcm_22050", live.PCM24k, "pcm_44100", live.PCM48k} {
		t.Run(string(f), func(t *testing.T) {
			r, s := serve(t, f, nil, works)
			c := asrtest.Open(t, r, asr.Options{})
			if got := ask(c, asrtest.First); got.Text != asrtest.First.Text || got.Err != nil {
				t.Fatalf("final = %+v", got)
			}
			c.Close()
			n := s.conn(t, 0)
			<-n.ended
			var said, rest []byte
			for i := range asrtest.First.Frames {
				said = g711.Encode(said, &asrtest.First.Frames[i])
			}
			rest = bytes.Repeat([]byte{g711.Silence}, 4000)
			want := append(said, rest...)
			switch f {
			case live.PCM8k:
				want = linear(asrtest.First.Frames, 4000)
			case live.Mulaw:
			default:
				if got, want := n.ear.Heard(), time.Duration(len(want))*time.Second/8000; got < want-20*time.Millisecond || got > want {
					t.Errorf("%v arrived, want %v", got, want)
				}
				return
			}
			if !bytes.Equal(n.sound, want) {
				t.Errorf("%d bytes arrived, want the %d that were written", len(n.sound), len(want))
			}
		})
	}
}

func linear(frames []media.Frame, silence int) (b []byte) {
	for i := range frames {
		for _, s := range frames[i] {
			b = append(b, byte(s), byte(uint16(s)>>8))
		}
	}
	return append(b, make([]byte, 2*silence)...)
}

func TestAMulawFrameIsSentAsItCame(t *testing.T) {
	r, s := serve(t, live.Mulaw, nil, works)
	c := asrtest.Open(t, r, asr.Options{})
	var line []byte
	for i := range 2 * media.FrameSamples {
		code := byte(i)
		if code == 0x7F {
			code = 0xFF // the other zero
		}
		line = append(line, code)
	}
	for part := range slices.Chunk(line, media.FrameSamples) {
		var f media.Frame
		if err := g711.Decode(&f, part); err != nil {
			t.Fatal(err)
		}
		c.Write(&f)
	}
	c.Signal(asr.Ended)
	c.Final()
	c.Close()
	n := s.conn(t, 0)
	if <-n.ended; !bytes.Equal(n.sound, line) {
		t.Error("the bytes of the line changed on their way")
	}
}

func TestWhatDoesNotFitIsDropped(t *testing.T) {
	full := make(chan struct{})
	r, _ := serve(t, live.Mulaw, func(_ *live.Config, p *plain) { p.slow = true }, func(c *conn) {
		c.next()
		<-full
		c.raw("welcome")
		works(c)
	})
	c := asrtest.Open(t, r, asr.Options{})
	var f media.Frame
	kept := 0
	for range 600 {
		if c.Write(&f) {
			kept++
		}
	}
	close(full)
	if kept != 500 {
		t.Errorf("%d frames were kept before the stream stood, want the 500 of ten seconds", kept)
	}
	c.Signal(asr.Ended)
	if got := c.Final(); got.Err != nil || got.Text != "" {
		t.Errorf("final = %+v", got)
	}
}

func TestMessagesAreOfTheProvidersLength(t *testing.T) {
	r, s := serve(t, live.Mulaw, func(c *live.Config, _ *plain) {
		c.Limits.Lump, c.Limits.Least = 100*time.Millisecond, 60*time.Millisecond
	}, works)
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.Speech{Frames: make([]media.Frame, 11)}) // 220 ms
	c.Signal(asr.Ended)
	c.Final()
	c.Close()
	n := s.conn(t, 0)
	if <-n.ended; !slices.Equal(n.sizes, []int{800, 800, 480}) {
		t.Errorf("messages of %v bytes, want two of 100 ms and one of 60 ms", n.sizes)
	}
}

func TestAudioThatWaitedIsPaced(t *testing.T) {
	r, s := serve(t, live.Mulaw, func(c *live.Config, _ *plain) { c.Limits.Pace = 10 }, works)
	c := asrtest.Open(t, r, asr.Options{})
	c.Rest(9 * time.Second)
	c.Signal(asr.Ended)
	c.Final()
	c.Close()
	n := s.conn(t, 0)
	<-n.ended
	if took := n.times[len(n.times)-2].Sub(n.times[0]); took < 500*time.Millisecond { // the first may have been read late
		t.Errorf("9 s were sent in %v, want a second at once and eight in 800 ms", took)
	}
}
