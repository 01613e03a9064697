package bench

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/twilio/wire"
)

func TestQuantilesAreWithinThreePercent(t *testing.T) {
	var h histogram
	for i := 1; i <= 100_000; i++ {
		h.add(time.Duration(i) * time.Microsecond)
	}
	for _, tt := range []struct{ q, want float64 }{{0.5, 50}, {0.99, 99}, {0.999, 99.9}, {1, 100}} {
		if got := ms(h.quantile(tt.q)); got < tt.want || got > tt.want*1.032 {
			t.Errorf("quantile %v of 0 to 100 ms = %v, want %v", tt.q, got, tt.want)
		}
	}
	h.add(10 * time.Hour)
	if got := h.quantiles(); got.Most != 3.6e7 || got.Count != 100_001 {
		t.Errorf("%+v: a very late one is missing", got)
	}
}

func TestEveryTimeFallsBelowTheTopOfItsBucket(t *testing.T) {
	for us := uint64(0); us < 1<<24; us += us/97 + 1 {
		i := bucket(us)
		if upper(i) < us || i > 0 && upper(i-1) >= us {
			t.Fatalf("%d µs is in bucket %d: %d to %d", us, i, upper(i-1)+1, upper(i))
		}
	}
}

func TestQuantilesOfNothingAreZero(t *testing.T) {
	if got := new(histogram).quantiles(); got != (Quantiles{}) {
		t.Errorf("%+v", got)
	}
}

// The far end is as strict as the carrier that it stands for.
func TestOnlyTheDocumentedFieldsAreUnderstood(t *testing.T) {
	const sid = "MZ0000"
	media := string(wire.AppendMedia(nil, sid, make([]byte, 160)))
	for _, tt := range []struct {
		name, text, event string
		ulaw              int
	}{
		{"media", media, "media", 160},
		{"media, other spelling", `{"streamSid": "MZ0000", "event": "media", "media": {"payload": "AAAA"}}`, "media", 3},
		{"mark", string(wire.AppendMark(nil, sid, 7)), "mark", 0},
		{"clear", string(wire.AppendClear(nil, sid)), "clear", 0},
		{"another stream", string(wire.AppendClear(nil, "MZ0001")), "", 0},
		{"media of another stream", string(wire.AppendMedia(nil, "MZ0001", make([]byte, 160))), "", 0},
		{"one field more", `{"event":"clear","streamSid":"MZ0000","at":1}`, "", 0},
		{"media in a clear", `{"event":"clear","streamSid":"MZ0000","media":{"payload":""}}`, "", 0},
		{"no payload", `{"event":"media","streamSid":"MZ0000"}`, "", 0},
		{"no base64", `{"event":"media","streamSid":"MZ0000","media":{"payload":"%%"}}`, "", 0},
		{"unknown event", `{"event":"stop","streamSid":"MZ0000"}`, "", 0},
		{"no JSON", `media`, "", 0},
	} {
		h, err := understand([]byte(tt.text), sid, nil)
		if (err == nil) != (tt.event != "") || err == nil && (h.event != tt.event || len(h.ulaw) != tt.ulaw) {
			t.Errorf("%s: %+v, %v", tt.name, h, err)
		}
	}
}

func TestCarriersMessagesAreJSON(t *testing.T) {
	id := idsOf(account, 3)
	for _, text := range [][]byte{
		appendStart(nil, id, "tok"), appendMedia(nil, id, 2, 1, []byte("AAAA")), appendMark(nil, id, 3, "1"), appendStop(nil, id, 4), []byte(connectedText),
	} {
		var m wire.Message
		if !json.Valid(text) || wire.Parse(text, &m) != nil || m.Kind == wire.Unknown {
			t.Errorf("%s", text)
		}
	}
}

// far returns a talking script's far end whose socket nobody needs.
func far() *farEnd {
	m := &meter{}
	m.from.Store(1)
	m.to.Store(1 << 62)
	return &farEnd{caller: newCaller(), m: m, quiet: true, reply: reply{schedule: inLumps}}
}

// The schedule of a gateway in these tests: 100 ms at once, then 60 ms at a time.
const (
	lumpFrames = 3
	lump       = lumpFrames * media.FrameDuration
)

var inLumps = schedule{lead: 5, lump: lumpFrames}

// deliver is the gateway's schedule for frames 0 to n-1, each lump by late(i)
// after its time.
func deliver(f *farEnd, began time.Time, n int, late func(lump int) time.Duration) {
	f.take(heard{event: "media", ulaw: make([]byte, media.FrameSamples)}, began)
	f.take(heard{event: "mark", name: "511"}, began)
	for i, at := 0, 1; at+lumpFrames <= n; i, at = i+1, at+lumpFrames {
		now := began.Add(inLumps.due(at+lumpFrames-1) + late(i))
		for f.played < f.written && began.Add(time.Duration(f.played/media.FrameSamples+1)*media.FrameDuration).Before(now) {
			f.played += media.FrameSamples
		}
		f.take(heard{event: "media", ulaw: make([]byte, lumpFrames*media.FrameSamples)}, now)
	}
	f.take(heard{event: "mark", name: "256"}, began)
	f.reply.settle(f.m)
}

func TestReplyOnTimeIsNotLate(t *testing.T) {
	f := far()
	deliver(f, time.Now(), 100, func(int) time.Duration { return 0 })
	if q := f.m.late.quantiles(); q.Count != 33 || q.Most != 0 {
		t.Errorf("%+v", q)
	}
	if f.tally.Replies != 1 || f.tally.Heard != 100 {
		t.Errorf("%+v", f.tally)
	}
}

func TestOneLateLumpIsLateByThatMuch(t *testing.T) {
	f := far()
	deliver(f, time.Now(), 100, func(i int) time.Duration {
		if i == 20 {
			return 15 * time.Millisecond
		}
		return 0
	})
	if q := f.m.late.quantiles(); q.Most != 15 || q.P50 != 0 {
		t.Errorf("%+v", q)
	}
}

// A first frame that came late must not make the others look early.
func TestLateFirstFrameShowsInTheOthers(t *testing.T) {
	f := far()
	deliver(f, time.Now(), 100, func(i int) time.Duration {
		if i == 10 {
			return -2 * time.Millisecond
		}
		return -5 * time.Millisecond
	})
	if q := f.m.late.quantiles(); q.Most != 3 || q.P50 != 0 {
		t.Errorf("%+v", q)
	}
}

// After a gap in the sound only the gap is late, though the lumps' phase is
// another one from there on.
func TestStutterIsLateOnce(t *testing.T) {
	f := far()
	began := time.Now()
	lump3 := heard{event: "media", ulaw: make([]byte, lumpFrames*media.FrameSamples)}
	deliver := func(at time.Duration) {
		f.played = min(f.written, int(at/media.FrameDuration)*media.FrameSamples)
		f.take(lump3, began.Add(at))
	}
	f.take(heard{event: "media", ulaw: make([]byte, media.FrameSamples)}, began)
	deliver(0)
	deliver(60 * time.Millisecond)
	f.played = f.written
	f.take(lump3, began.Add(300*time.Millisecond)) // 180 ms late; with it the gateway begins anew
	f.take(lump3, began.Add(300*time.Millisecond))
	for i := range 20 {
		f.take(lump3, began.Add(300*time.Millisecond+time.Duration(i+1)*lump))
	}
	f.reply.settle(f.m)
	if q := f.m.late.quantiles(); q.Most != 180 || q.Count != 23 || ms(f.m.late.quantile(0.9)) != 0 {
		t.Errorf("%+v", q)
	}
	if f.tally.Replies != 1 {
		t.Errorf("%+v", f.tally)
	}
}

func TestClearDropsWhatWasNotPlayedAndFreesItsMarks(t *testing.T) {
	f := far()
	now := time.Now()
	f.barged = now
	f.take(heard{event: "media", ulaw: make([]byte, 3*media.FrameSamples)}, now)
	f.take(heard{event: "mark", name: "256"}, now)
	f.played = media.FrameSamples
	f.take(heard{event: "clear"}, now.Add(50*time.Millisecond))
	if f.written != f.played || len(f.marks) != 1 || f.marks[0].at > f.played {
		t.Errorf("written %d, played %d, marks %v", f.written, f.played, f.marks)
	}
	if q := f.m.cut.quantiles(); q.Count != 1 || q.Most != 50 {
		t.Errorf("%+v", q)
	}
}

func TestEchoOfAnotherSoundIsCounted(t *testing.T) {
	f := far()
	f.echoes, f.sent = true, 2
	f.sentAt[0], f.sentAt[1] = time.Now(), time.Now()
	right, wrong := f.caller.line(0).ulaw, f.caller.line(5).ulaw
	f.take(heard{event: "media", ulaw: right[:]}, time.Now())
	f.take(heard{event: "media", ulaw: wrong[:]}, time.Now())
	f.take(heard{event: "media", ulaw: right[:]}, time.Now()) // nothing was said that this could echo
	if f.tally.Echoed != 1 || f.tally.Broken != 2 {
		t.Errorf("%+v", f.tally)
	}
}

func TestCallerPausesBetweenWordsAndTalksOverOneAnswerInFour(t *testing.T) {
	over := 0
	for k := range cycle * bargeIn {
		if barges(k) && !barges(k-1) {
			over++
		}
	}
	if over != 1 || !speaks(0) || speaks(talkTo) {
		t.Errorf("talks over %d answers", over)
	}
}

func TestWrongFlagsAreAllReportedAtOnce(t *testing.T) {
	err := Options{Agents: []string{"parrot"}, Calls: 0, Duration: time.Millisecond}.Check()
	var list *fault.List
	if !errors.As(err, &list) || len(list.Faults) != 3 || fault.Status(err) != fault.Wrong {
		t.Errorf("%v", err)
	}
	if err := (Options{Agents: []string{Echo}, Calls: 1, Duration: time.Second}).Check(); err != nil {
		t.Error(err)
	}
}

func TestSearchFitsEightyColumns(t *testing.T) {
	q := Quantiles{P50: 12345.67, P99: 12345.67, P999: 12345.67}
	s := Search{LimitMS: 20, Ended: "two steps failed 3 times each"}
	for _, why := range []string{"late", "load late, too", "no answer", "check failed"} {
		s.Tried = append(s.Tried, Try{Calls: 3000, Late: q, CPU: 100.1, Load: 12345.67, Others: 190, Why: why})
	}
	var b strings.Builder
	s.write(&b)
	for line := range strings.Lines(b.String()) {
		if len(line) > 81 { // and the end of the line
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
}

func TestMissingFrameOrOddThingFailsTheRun(t *testing.T) {
	good := Result{Agent: Echo, Calls: 2, Traffic: Traffic{Sent: 10, Echoed: 10}, Refusals: map[string]int{"stream_stop": 2}}
	for name, change := range map[string]func(*Result){
		"":                  func(*Result) {},
		"a frame is gone":   func(r *Result) { r.Traffic.Echoed-- },
		"another sound":     func(r *Result) { r.Traffic.Broken++ },
		"the trunk objects": func(r *Result) { r.Refusals = map[string]int{"malformed": 1} },
	} {
		r := good
		change(&r)
		if r.check(came{}, 2, nil); r.Pass != (name == "") {
			t.Errorf("%q: pass = %v: %+v", name, r.Pass, r.Checks)
		}
	}
	r := good
	r.check(came{}, 2, map[string]int{"silence": 2, "provider_failed": 1})
	if says := r.Checks[len(r.Checks)-1].Says; r.Pass || says != "ended for provider_failed: 1, ended for silence: 2, 3 conversations failed" {
		t.Errorf("calls that ended by themselves: pass = %v: %s", r.Pass, says)
	}
}
