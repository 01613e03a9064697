package sim_test

import (
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// observed is what a gateway saw of one stream.
type observed struct {
	events  []string // "connected" is not among them
	at      []time.Time
	numbers []int // sequence numbers
	chunks  []int // of the media
	end     error // how the socket ended
}

// observe reads a stream to its end. The start was read already.
func observe(s *socket) (o observed) {
	for i, text := range s.frames {
		o.add(text, s.at[i])
	}
	for {
		_, err := s.next()
		if err != nil {
			o.end = err
			return o
		}
		o.add(s.frames[len(s.frames)-1], s.at[len(s.at)-1])
	}
}

func (o *observed) add(text string, at time.Time) {
	var m struct {
		Event, SequenceNumber string
		Media                 struct{ Chunk string }
	}
	json.Unmarshal([]byte(text), &m)
	if m.Event == "connected" {
		return
	}
	n, _ := strconv.Atoi(m.SequenceNumber)
	o.events, o.at, o.numbers = append(o.events, m.Event), append(o.at, at), append(o.numbers, n)
	if m.Event == "media" {
		n, _ = strconv.Atoi(m.Media.Chunk)
		o.chunks = append(o.chunks, n)
	}
}

func (o observed) count(event string) (n int) {
	for _, e := range o.events {
		if e == event {
			n++
		}
	}
	return n
}

// code is that of the close frame; 0 if the socket ended without one.
func (o observed) code() int {
	var closed *websocket.CloseError
	if errors.As(o.end, &closed) && closed.Code != websocket.CloseAbnormalClosure {
		return closed.Code
	}
	return 0
}

// troubled is what a gateway sees of a call of d that goes through faults.
func troubled(t *testing.T, seed uint64, d time.Duration, faults ...sim.Fault) (observed, *sim.Carrier, *sim.Call) {
	t.Helper()
	g := newGateway(t, false)
	var o observed
	g.talk = func(s *socket) { o = observe(s) }
	c, _ := newCarrier(t, g, sim.Knobs{Seed: seed})
	if err := c.Schedule(faults...); err != nil {
		t.Fatal(err)
	}
	call := call(t, c, hangupAfter(d))
	g.settle()
	for _, f := range faults {
		if c.Struck(f.What) == 0 {
			t.Errorf("%v never bit", f)
		}
	}
	return o, c, call
}

func TestStreamsThatEndBadly(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault  sim.Fault
		stops  int
		code   int // of the close frame; 0: none
		chunks int // up to 2 more, and fewer by those before the gateway had answered
		reset  bool
	}{
		{sim.Fault{What: sim.CutStream, At: time.Second}, 0, 0, 50, true},
		{sim.Fault{What: sim.FinStream, At: time.Second}, 0, 0, 50, false},
		{sim.Fault{What: sim.CloseFrame, At: time.Second}, 0, 1001, 50, false},
		{sim.Fault{What: sim.CloseFrame, At: time.Second, Code: 4002}, 0, 4002, 50, false},
		{sim.Fault{What: sim.StopTwice}, 2, 1000, 100, false},
		{sim.Fault{What: sim.NoStop}, 0, 1000, 100, false},
		{sim.Fault{What: sim.CloseCode, Code: 1012}, 1, 1012, 100, false},
	} {
		t.Run(tc.fault.String(), func(t *testing.T) {
			t.Parallel()
			o, _, call := troubled(t, 0, 2*time.Second, tc.fault)
			if o.count("stop") != tc.stops || o.code() != tc.code {
				t.Errorf("%d stops, close code %d, want %d and %d; end %v", o.count("stop"), o.code(), tc.stops, tc.code, o.end)
			}
			if got := len(o.chunks); got < tc.chunks/4 && !tc.reset || got > tc.chunks+2 { // a reset throws away what was not read yet
				t.Errorf("%d chunks, want about %d", got, tc.chunks)
			}
			if reset := errors.Is(o.end, syscall.ECONNRESET); reset != tc.reset {
				t.Errorf("the socket ended with %v; a reset: %v, want %v", o.end, reset, tc.reset)
			}
			wantStatus(t, call, telephony.Completed)
		})
	}
}

// The call goes on after a drop: its action is asked, and its next stream is
// another one.
func TestAFaultBitesOneStreamOfTheCall(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	var mu sync.Mutex
	var seen []observed
	g.talk = func(s *socket) {
		o := observe(s)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, o)
	}
	g.twiml["/next"] = g.twiml["/voice"]
	c, _ := newCarrier(t, g, sim.Knobs{})
	c.Schedule(sim.Fault{What: sim.CutStream, At: 100 * ms}, sim.Fault{What: sim.CloseFrame, Nth: 2}, sim.Fault{What: sim.StopTwice, Nth: 3})
	call(t, c, hangupAfter(3*time.Second))
	g.settle()
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 3 || !errors.Is(seen[0].end, syscall.ECONNRESET) || seen[1].code() != 1001 || seen[2].count("stop") != 2 {
		t.Errorf("%d streams ended with %v", len(seen), seen)
	}
}

// A gateway at a half-open socket sees a line that is up, and nothing on it: no
// media, no answer to a ping, no end, even when the call is over.
func TestAHalfOpenSocketSaysNothingAndNeverEnds(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	over := make(chan struct{})
	before := 0
	var end error
	silent := func(s *socket, when string) {
		s.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		s.UnderlyingConn().SetReadDeadline(time.Now().Add(150 * ms))
		if n, err := s.UnderlyingConn().Read(make([]byte, 1)); n > 0 || !timedOut(err) {
			t.Errorf("the socket says %d bytes, %v %s", n, err, when)
		}
	}
	g.talk = func(s *socket) {
		s.SetReadDeadline(time.Now().Add(2 * time.Second))
		for end == nil {
			if _, end = s.next(); end == nil {
				before++
			}
		}
		silent(s, "in the call")
		<-over // the status callback came, the socket stays
		silent(s, "after the call")
	}
	c, _ := newCarrier(t, g, sim.Knobs{})
	c.Schedule(sim.Fault{What: sim.HalfOpen, At: 600 * ms})
	call := call(t, c, hangupAfter(3*time.Second))
	if d := call.Duration(); d > 3900*ms { // it would be 4000
		t.Errorf("the call took %v, want 3s: the carrier waits for a gateway that hears nothing", d)
	}
	close(over)
	g.settle()
	wantClean(t, c)
	if before < 3 || before > 33 || !timedOut(end) {
		t.Errorf("%d messages, then %v; want 30, or fewer where the gateway was slow to answer, and silence", before, end)
	}
	if got := g.statuses("/next"); !slices.Equal(got, []string{"completed"}) {
		t.Errorf("the action was told %v, want completed: nobody noticed before", got)
	}
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func TestMediaThatIsHeldBackComesAtOnce(t *testing.T) {
	t.Parallel()
	o, c, _ := troubled(t, 0, 1600*ms, sim.Fault{What: sim.HoldBack, At: 600 * ms, For: 500 * ms})
	wantClean(t, c)
	var gap time.Duration
	burst := 0
	for i := 1; i < len(o.at); i++ {
		if d := o.at[i].Sub(o.at[i-1]); d > gap {
			gap, burst = d, 0
		} else if gap > 300*ms && o.at[i].Sub(o.at[i-1]) < 10*ms {
			burst++
		}
	}
	if gap < 300*ms || gap > 3*time.Second || burst < 12 || !slices.IsSorted(o.chunks) || len(o.chunks) < 40 || o.chunks[len(o.chunks)-1] != len(o.chunks) {
		t.Errorf("a gap of %v, then %d messages at once, %d chunks; want 500 ms and 24", gap, burst, len(o.chunks))
	}
}

func TestStartComesLate(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	var waited time.Duration
	begin := time.Now()
	g.talk = func(s *socket) { waited = s.at[1].Sub(s.at[0]); observe(s) }
	c, _ := newCarrier(t, g, sim.Knobs{})
	c.Schedule(sim.Fault{What: sim.LateStart, For: time.Second})
	call(t, c, hangupAfter(2500*ms))
	g.settle()
	if waited < 500*ms || waited > 5*time.Second { // connected may have been read late
		t.Errorf("start came %v after connected, %v after the beginning; want 1s", waited, time.Since(begin))
	}
}

// A carrier that stops reading for a while answers marks only then.
func TestASlowReaderReadsAgain(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	var took time.Duration
	var names []string
	g.talk = func(s *socket) {
		for range 15 {
			s.next()
		}
		begin := time.Now()
		s.send(`{"event":"mark","streamSid":%q,"mark":{"name":"x"}}`, s.sid)
		s.send(`{"event":"mark","streamSid":%q,"mark":{"name":"y"}}`, s.sid)
		names, _ = echoed(s, 2)
		took = time.Since(begin)
		closeStream(s)
	}
	c, _ := newCarrier(t, g, sim.Knobs{})
	c.Schedule(sim.Fault{What: sim.SlowReader, At: 200 * ms, For: 2 * time.Second})
	call(t, c, handset.Silent)
	g.settle()
	if !slices.Equal(names, []string{"x", "y"}) {
		t.Errorf("marks came back: %q, want x and y", names)
	}
	if took < 500*ms || took > 5*time.Second {
		t.Errorf("marks came back after %v, want 1.9s, or less where the gateway was slow", took)
	}
}

// What becomes of single messages: lost ones leave gaps in both numbers, those
// that come twice do so with the same ones.
func TestMediaOutOfOrder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault  sim.Fault
		chunks string // the first ones, as they came
		seq    string // and their sequence numbers
	}{
		{sim.Fault{What: sim.LoseMedia, Nth: 3}, "1 2 4 5 6", "2 3 5 6 7"},
		{sim.Fault{What: sim.LoseMedia, Every: 2}, "1 3 5 7 9", "2 4 6 8 10"},
		{sim.Fault{What: sim.TwiceMedia, Nth: 3}, "1 2 3 3 4", "2 3 4 4 5"},
		{sim.Fault{What: sim.SwapMedia, Nth: 2}, "1 3 2 4 5", "2 4 3 5 6"},
		{sim.Fault{What: sim.SwapMedia, Every: 2}, "1 3 2 5 4", "2 4 3 6 5"},
		{sim.Fault{What: sim.Misnumber, Nth: 3}, "1 2 3 4 5", "2 3 1004 5 6"},
		{sim.Fault{What: sim.LoseMedia, At: time.Second, For: 60 * ms}, "", ""},
	} {
		t.Run(tc.fault.String(), func(t *testing.T) {
			t.Parallel()
			o, c, _ := troubled(t, 0, 1500*ms, tc.fault)
			if tc.chunks == "" {
				if lost := o.chunks[len(o.chunks)-1] - len(o.chunks); lost != c.Struck(tc.fault.What) || lost > 3 {
					t.Errorf("%d chunks were lost, want those of 60 ms", lost)
				}
				return
			}
			if got := words(o.chunks[:5]); got != tc.chunks {
				t.Errorf("chunks %s, want %s", got, tc.chunks)
			}
			if got := words(o.numbers[1:6]); got != tc.seq {
				t.Errorf("sequence numbers %s, want %s", got, tc.seq)
			}
		})
	}
}

func words(n []int) string {
	var s []string
	for _, i := range n {
		s = append(s, strconv.Itoa(i))
	}
	return strings.Join(s, " ")
}

// The same seed loses, doubles and swaps the same messages of a stream, however
// the goroutines ran.
func TestASeedRepeatsAStream(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) string {
		o, _, _ := troubled(t, seed, 1600*ms, sim.Fault{What: sim.LoseMedia, Chance: 0.2}, sim.Fault{What: sim.TwiceMedia, Chance: 0.2}, sim.Fault{What: sim.SwapMedia, Chance: 0.2}, sim.Fault{What: sim.Jitter, For: 15 * ms})
		return words(o.chunks[:25])
	}
	first := run(5)
	for range 2 {
		if again := run(5); again != first {
			t.Errorf("seed 5 gave\n%s\nand then\n%s", first, again)
		}
	}
	if other := run(6); other == first {
		t.Error("seed 6 gives the same as seed 5")
	}
}
