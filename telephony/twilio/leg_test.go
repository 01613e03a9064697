package twilio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/telephony"
)

// canon is how a byte of µ-law looks after a decode and an encode: the two
// zeros of the code become one.
func canon(ulaw []byte) []byte {
	var f media.Frame
	var out []byte
	for part := range slices.Chunk(ulaw, media.FrameSamples) {
		if g711.Decode(&f, part) == nil {
			out = g711.Encode(out, &f)
		}
	}
	return out
}

func TestAudioOfAnySizeComesInFramesOf20ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leg, f := accepted(t, LegConfig{})
		sound := repeat(40 * 160)
		go func() {
			rest := sound
			for i := 0; len(rest) > 0; i++ {
				n := min(len(rest), []int{1, 159, 160, 161, 480, 7, 0, 320, 2000}[i%9])
				f.say(mediaText(rest[:n]))
				rest = rest[n:]
			}
			f.say(stopText)
		}()
		var heard []byte
		for {
			var frame media.Frame
			ev, err := leg.Next(&frame)
			if err != nil {
				break
			}
			if ev.Kind != telephony.Audio {
				t.Fatalf("event %+v among audio", ev)
			}
			heard = g711.Encode(heard, &frame)
		}
		if !bytes.Equal(heard, canon(sound)) {
			t.Errorf("heard %d bytes that differ from the %d sent", len(heard), len(sound))
		}
		leg.Hangup(t.Context())
	})
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c tally
		leg, f := accepted(t, LegConfig{Count: c.count})
		go func() { // the carrier takes what we write
			for {
				if _, _, err := f.hear(); err != nil {
					return
				}
			}
		}()
		for _, err := range []error{leg.Mark(1), leg.Mark(2), leg.Clear(), leg.Mark(2), leg.Clear(), leg.Mark(3)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		go f.say(digitText("#"), markText("1"), markText("x"), markText("9"), markText("2"), markText("2"), markText("3"), markText("3"), stopText)
		want := []telephony.Event{
			{Kind: telephony.Digit, Digit: '#'},
			{Kind: telephony.Dropped, Mark: 1},
			{Kind: telephony.Dropped, Mark: 2},
			{Kind: telephony.Dropped, Mark: 2},
			{Kind: telephony.Played, Mark: 3},
		}
		var frame media.Frame
		for i, w := range want {
			if got, err := leg.Next(&frame); err != nil || got != w {
				t.Errorf("event %d = %+v, %v; want %+v", i, got, err, w)
			}
		}
		if _, err := leg.Next(&frame); !errors.Is(err, telephony.ErrLost) {
			t.Errorf("after stop: %v, want ErrLost", err)
		}
		if c.of(ReasonUnknownMark) != 3 {
			t.Errorf("counted %v, want 3 unknown marks", &c)
		}
		leg.Hangup(t.Context())
	})
}

func TestALineThatStopsOrBreaksIsLostAndNotHungUp(t *testing.T) {
	for _, tt := range []struct {
		name, reason string
		end          func(f *far)
		after        time.Duration
	}{
		{"stop", ReasonStop, func(f *far) { f.say(stopText) }, 0},
		{"stop, twice", ReasonStop, func(f *far) { f.say(stopText, stopText) }, 0},
		{"close frame", ReasonPeerClosed, func(f *far) { f.conn.Write(frame(opClose, []byte{0x03, 0xe8})) }, 0},
		{"cut", ReasonBroken, func(f *far) { f.conn.Close() }, 0},
		{"cut in a message", ReasonBroken, func(f *far) { f.conn.Write(frame(opText, make([]byte, 99))[:50]); f.conn.Close() }, 0},
		{"nothing for 10 s", ReasonSilent, func(*far) {}, 10 * time.Second},
		{"pings only", ReasonSilent, func(f *far) {
			for {
				if _, err := f.conn.Write(frame(opPing, nil)); err != nil {
					return
				}
				time.Sleep(900 * time.Millisecond)
			}
		}, 10 * time.Second},
		{"a message in endless fragments", ReasonSilent, func(f *far) {
			f.conn.Write([]byte{opText, 0x80, 0, 0, 0, 0}) // not final
			for {
				if _, err := f.conn.Write([]byte{0, 0x80, 0, 0, 0, 0}); err != nil { // a continuation of nothing
					return
				}
				time.Sleep(7 * time.Millisecond)
			}
		}, 10 * time.Second},
		{"a frame that is not masked", ReasonViolation, func(f *far) { f.conn.Write([]byte{0x81, 0}) }, 0},
		{"a continuation of nothing", ReasonViolation, func(f *far) { f.conn.Write(frame(0, nil)) }, 0},
		{"a message over the limit", ReasonTooBig, func(f *far) { f.conn.Write(frame(opText, make([]byte, 2<<20))) }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c tally
				leg, f := accepted(t, LegConfig{Count: c.count})
				var helpers sync.WaitGroup
				defer helpers.Wait()
				defer f.conn.Close()
				helpers.Go(func() { tt.end(f) })
				helpers.Go(func() { io.Copy(io.Discard, f.r) })
				begin := time.Now()
				var frame media.Frame
				for range 3 { // the error stays
					if _, err := leg.Next(&frame); !errors.Is(err, telephony.ErrLost) || errors.Is(err, io.EOF) {
						t.Errorf("Next() = %v, want an error that wraps ErrLost", err)
					}
				}
				if got := time.Since(begin); got != tt.after {
					t.Errorf("lost after %v, want %v", got, tt.after)
				}
				if c.of(tt.reason) != 1 {
					t.Errorf("counted %v, want one %s", &c, tt.reason)
				}
				leg.Hangup(t.Context())
			})
		})
	}
}

// TestWhoListensLateHearsWhatCame: the time that a stream may be silent begins
// when somebody listens, and what was set for the start is no part of it.
func TestWhoListensLateHearsWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leg, f := accepted(t, LegConfig{})
		go func() {
			for range 3 {
				time.Sleep(9 * time.Second)
				f.say(mediaText(repeat(160)))
			}
		}()
		time.Sleep(20 * time.Second)
		var frame media.Frame
		for range 3 {
			if ev, err := leg.Next(&frame); err != nil || ev.Kind != telephony.Audio {
				t.Fatalf("Next() = %v, %v", ev, err)
			}
		}
		begin := time.Now()
		if _, err := leg.Next(&frame); !errors.Is(err, telephony.ErrLost) || time.Since(begin) != 10*time.Second {
			t.Errorf("Next() = %v after %v", err, time.Since(begin))
		}
		go io.Copy(io.Discard, f.r)
		leg.Hangup(t.Context())
	})
}

func TestHangupFromAnywhereAnyNumberOfTimesEndsNextAndSays1000(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leg, f := accepted(t, LegConfig{})
		for range 5 {
			go leg.Hangup(t.Context())
		}
		code := make(chan int)
		go func() { code <- f.hearClose() }()
		var frame media.Frame
		for range 3 {
			if ev, err := leg.Next(&frame); err != io.EOF || ev != (telephony.Event{}) {
				t.Errorf("Next() = %v, %v; want io.EOF", ev, err)
			}
		}
		if got := <-code; got != 1000 {
			t.Errorf("close code %d, want 1000", got)
		}
		if err := leg.Hangup(t.Context()); err != nil {
			t.Errorf("another Hangup() = %v", err)
		}
		for _, err := range []error{leg.Write(&frame), leg.Mark(1), leg.Clear()} {
			if !errors.Is(err, ErrHungUp) {
				t.Errorf("after Hangup: %v, want ErrHungUp", err)
			}
		}
	})
}

func TestASlowReaderLosesTheLineAfterTheWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c tally
		leg, _ := accepted(t, LegConfig{Count: c.count, ReadTimeout: time.Hour}) // the far end reads nothing at all
		begin := time.Now()
		var frame media.Frame
		if err := leg.Write(&frame); !errors.Is(err, telephony.ErrLost) {
			t.Errorf("Write() = %v, want ErrLost", err)
		}
		if got := time.Since(begin); got != 5*time.Second {
			t.Errorf("gave up after %v, want 5 s", got)
		}
		if _, err := leg.Next(&frame); !errors.Is(err, telephony.ErrLost) {
			t.Errorf("Next() = %v, want ErrLost", err)
		}
		if c.of(ReasonSlowReader) != 1 || c.of(ReasonBroken) != 0 {
			t.Errorf("counted %v, want one loss for one reason", &c)
		}
		leg.Hangup(t.Context())
	})
}

func TestHangupDoesNotWaitForASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leg, _ := accepted(t, LegConfig{})
		failed := make(chan error)
		go func() { failed <- leg.Write(new(media.Frame)) }()
		synctest.Wait()
		begin := time.Now()
		if err := leg.Hangup(t.Context()); err != nil {
			t.Error(err)
		}
		if got := time.Since(begin); got != time.Second {
			t.Errorf("took %v, want the linger of 1 s", got)
		}
		if err := <-failed; !errors.Is(err, ErrHungUp) {
			t.Errorf("Write() = %v, want ErrHungUp", err)
		}
	})
}

// sent is a message of ours and when it came.
type sent struct {
	at   time.Duration
	text string
}

func TestFirstAudioLeavesAtOnceAndTheRestInLumps(t *testing.T) {
	f20 := func(n int) string {
		return string(mustMedia(bytes.Repeat([]byte{0xff}, n*160)))
	}
	mark := `{"event":"mark","streamSid":"` + testStream + `","mark":{"name":"1"}}`
	clear := `{"event":"clear","streamSid":"` + testStream + `"}`
	ms := time.Millisecond
	for _, tt := range []struct {
		name string
		lump time.Duration
		play func(l *Leg, f *media.Frame)
		want []sent
	}{
		{"20 ms: a message a frame", 0, func(l *Leg, f *media.Frame) { l.Write(f); l.Write(f) },
			[]sent{{0, f20(1)}, {0, f20(1)}}},
		{"60 ms: one, then threes", 60 * ms, func(l *Leg, f *media.Frame) {
			for range 7 {
				l.Write(f)
			}
		}, []sent{{0, f20(1)}, {0, f20(3)}, {0, f20(3)}}},
		{"a lump that nobody completes leaves when the line runs dry", 60 * ms, func(l *Leg, f *media.Frame) {
			for range 3 {
				l.Write(f)
			}
		}, []sent{{0, f20(1)}, {20 * ms, f20(2)}}},
		{"or half a frame after the next should have begun", 60 * ms, func(l *Leg, f *media.Frame) {
			for range 9 {
				l.Write(f)
			}
		}, []sent{{0, f20(1)}, {0, f20(3)}, {0, f20(3)}, {70 * ms, f20(2)}}},
		{"a mark takes along what waits", 60 * ms, func(l *Leg, f *media.Frame) { l.Write(f); l.Write(f); l.Mark(1) },
			[]sent{{0, f20(1)}, {0, f20(1)}, {0, mark}}},
		{"clear drops what waits, and the next reply starts at once", 60 * ms, func(l *Leg, f *media.Frame) {
			l.Write(f)
			l.Write(f)
			l.Clear()
			l.Write(f)
		}, []sent{{0, f20(1)}, {0, clear}, {0, f20(1)}}},
		{"a late frame is not held back", 60 * ms, func(l *Leg, f *media.Frame) {
			l.Write(f)
			time.Sleep(25 * ms)
			l.Write(f)
		}, []sent{{0, f20(1)}, {25 * ms, f20(1)}}},
		{"a second unfinished lump is flushed too", 40 * ms, func(l *Leg, f *media.Frame) {
			for range 8 {
				l.Write(f)
			}
			time.Sleep(150 * ms)
			l.Write(f)
		}, []sent{{0, f20(1)}, {0, f20(2)}, {0, f20(2)}, {0, f20(2)}, {50 * ms, f20(1)}, {160 * ms, f20(1)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leg, far := accepted(t, LegConfig{Lump: tt.lump})
				begin := time.Now()
				var got []sent
				done := make(chan struct{})
				go func() {
					defer close(done)
					for {
						op, text, err := far.hear()
						if err != nil || op != opText {
							return
						}
						got = append(got, sent{time.Since(begin), string(text)})
					}
				}()
				tt.play(leg, new(media.Frame))
				time.Sleep(time.Second)
				leg.Hangup(t.Context())
				<-done
				if !slices.Equal(got, tt.want) {
					t.Errorf("sent\n%v\nwant\n%v", got, tt.want)
				}
			})
		})
	}
}

// TestASteadyWriterSendsAMessageALump: one that writes each frame in its time,
// behind a lead of a lump and a frame, as an echo does, though its clock shakes.
func TestASteadyWriterSendsAMessageALump(t *testing.T) {
	for _, frames := range []int{1, 3, 5} {
		synctest.Test(t, func(t *testing.T) {
			lump := time.Duration(frames) * media.FrameDuration
			leg, f := accepted(t, LegConfig{Lump: lump})
			messages, done := 0, make(chan struct{})
			go func() {
				defer close(done)
				for {
					if op, _, err := f.hear(); err != nil || op != opText {
						return
					}
					messages++
				}
			}()
			frame, begin := new(media.Frame), time.Now()
			for range frames + 1 { // one goes at once, the rest is a lump
				leg.Write(frame)
			}
			const n = 600
			for i := range n {
				shake := time.Duration(i*7%10) * time.Millisecond
				time.Sleep(time.Until(begin.Add(time.Duration(i)*media.FrameDuration + shake)))
				leg.Write(frame)
			}
			leg.Hangup(t.Context())
			<-done
			lead := 2
			if want := lead + n/frames; messages != want {
				t.Errorf("lumps of %v: %d messages for %d frames, want %d", lump, messages, n, want)
			}
		})
	}
}

func TestNoStartInTimeIsALostLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c tally
		conn, f := pipe(t)
		code := make(chan int, 1)
		go func() { code <- f.hearClose() }()
		var helpers sync.WaitGroup
		defer helpers.Wait()
		helpers.Go(func() { // nonsense buys no time
			for range 4 {
				f.say(connectedText, mediaText(nil), `{`, markText("1"), `{"event":"news"}`)
				f.conn.Write(frame(opBinary, []byte("start")))
				time.Sleep(time.Second)
			}
		})
		begin := time.Now()
		_, err := Accept(conn, LegConfig{Count: c.count})
		if !errors.Is(err, telephony.ErrLost) || time.Since(begin) != 5*time.Second {
			t.Errorf("Accept() = %v after %v, want ErrLost after 5 s", err, time.Since(begin))
		}
		if got := <-code; got != 1008 {
			t.Errorf("close code %d, want 1008", got)
		}
		for reason, want := range map[string]int{ReasonNoStart: 1, ReasonMediaFirst: 4, ReasonMalformed: 4, ReasonUnexpectedEvent: 4, ReasonUnknownEvent: 4, ReasonBinary: 4} {
			if c.of(reason) != want {
				t.Errorf("counted %v, want %d %s", &c, want, reason)
			}
		}
	})
}

func TestAFrameEitherWayAllocatesNothing(t *testing.T) {
	var m marks
	in := inbound{stream: testStream, marks: &m, count: func(string) {}}
	text, mark, digit := []byte(mediaText(repeat(160))), []byte(markText("7")), []byte(digitText("1"))
	out := newOutbound(testStream, 60*time.Millisecond)
	var frame media.Frame
	now := time.Now()
	for name, step := range map[string]func(){
		"in": func() {
			in.take(text)
			for in.frame(&frame) {
			}
		},
		"out": func() { out.add(&frame, now); now = now.Add(20 * time.Millisecond) },
		"mark and digit": func() {
			m.sent(7)
			if ev, _ := in.take(mark); ev.Kind != telephony.Played {
				t.Fatalf("mark gave %+v", ev)
			}
			in.take(digit)
			out.mark(7)
			out.clear()
		},
	} {
		if n := testing.AllocsPerRun(200, step); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

func TestMarksThatNobodyEchoesAreBounded(t *testing.T) {
	var c tally
	m := marks{count: c.count}
	for id := range uint32(maxMarks + 2) {
		m.sent(id)
	}
	if len(m.open) != maxMarks || c.of(ReasonMarkOverflow) != 2 || m.echoed(1) != 0 || m.echoed(2) != telephony.Played {
		t.Errorf("%d marks open, counted %v", len(m.open), &c)
	}
}

func TestHangupEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leg, _ := accepted(t, LegConfig{Linger: time.Minute})
		go leg.Hangup(context.Background()) // nobody reads the close frame
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := leg.Hangup(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Hangup() = %v, want its context's end", err)
		}
	})
}

func TestPendingSocketsAreBoundedInAllAndByAddress(t *testing.T) {
	p := pending{max: 3, perAddress: 2}
	var places []*place
	for i, tt := range []struct {
		address string
		dropped bool
		left    []int
	}{
		{"a", false, []int{0}},
		{"b", false, []int{0, 1}},
		{"b", false, []int{0, 1, 2}},
		{"b", true, []int{0, 2, 3}}, // the oldest of b
		{"c", true, []int{2, 3, 4}}, // the oldest of all
	} {
		conn, _ := pipe(t)
		mine, dropped := p.add(tt.address, conn)
		places = append(places, mine)
		var left []int
		for _, o := range p.list {
			left = append(left, slices.Index(places, o))
		}
		if dropped != tt.dropped || !slices.Equal(left, tt.left) {
			t.Errorf("after socket %d of %s: dropped = %v, left %v; want %v, %v", i, tt.address, dropped, left, tt.dropped, tt.left)
		}
	}
	for _, mine := range places { // the dropped ones are no longer there, which is no matter
		p.remove(mine)
	}
	if len(p.list) != 0 {
		t.Errorf("%d are left", len(p.list))
	}
}

// TestASocketThatComesWhileWeCloseIsClosed: between its upgrade and its place
// the trunk may have closed, and nobody would look at it again.
func TestASocketThatComesWhileWeCloseIsClosed(t *testing.T) {
	p := pending{max: 3, perAddress: 3}
	p.dropAll()
	conn, far := pipe(t)
	mine, dropped := p.add("a", conn)
	if _, _, err := far.hear(); err == nil || dropped || len(p.list) != 0 {
		t.Errorf("heard %v, dropped = %v, %d wait", err, dropped, len(p.list))
	}
	p.remove(mine)
}
