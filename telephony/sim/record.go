package sim

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

const (
	recordWait = 5    // s of silence that end a Record: the default of timeout
	recordMost = 3600 // s: the default of maxLength
)

// recordBeep is heard before a Record begins.
var recordBeep = handset.Tone(500*time.Millisecond, 1000)

// recordVoice plays a Record. One in which nobody spoke asks for no action, and
// is not kept.
func (c *Call) recordVoice(ctx context.Context, d document, v element) step {
	c.bounded(v, 13611, "timeout", 1, 600)
	c.bounded(v, 13613, "maxLength", 1, 14400)
	c.either(v, 0, "playBeep", "true", "false")
	c.either(v, 0, "trim", "trim-silence", "do-not-trim")
	c.unplayed(v, "transcribe", "transcribeCallback")
	if strings.Trim(v.attr["finishOnKey"], allKeys) != "" {
		c.offend(police.Attribute, 13612, "<Record> has a finishOnKey with what is no key")
	}
	if v.flag("playBeep", true) {
		c.announce(ctx, recordBeep)
	}
	l := c.legNow()
	if l == nil || ctx.Err() != nil {
		return step{}
	}
	t := newTaping(v)
	l.overhear(t.listen)
	select {
	case <-t.done:
	case <-ctx.Done():
	}
	l.overhear(nil)
	frames, key := t.result(v.attr["trim"] != "do-not-trim")
	if len(frames) == 0 {
		return step{}
	}
	rec := c.carrier.recordings.keep(c, frames)
	c.reportRecording(d, v, rec)
	if c.ctx.Err() != nil {
		key = "hangup"
	}
	return c.action(ctx, d, v.with("action", cmp.Or(v.attr["action"], d.address)), url.Values{
		"RecordingUrl": {rec.URL}, "RecordingSid": {rec.SID}, "RecordingDuration": {rec.seconds()}, "Digits": {key},
	})
}

// reportRecording queues the recording's own status callback.
func (c *Call) reportRecording(d document, v element, rec Recording) {
	address := v.attr["recordingStatusCallback"]
	if address == "" {
		return
	}
	c.queue(post{v.attr["recordingStatusCallbackMethod"], d.resolve(address), url.Values{
		"AccountSid": {c.owner.SID}, "CallSid": {c.sid}, "RecordingSid": {rec.SID}, "RecordingUrl": {rec.URL},
		"RecordingStatus": {"completed"}, "RecordingDuration": {rec.seconds()}, "RecordingChannels": {"1"},
		"RecordingStartTime": {c.stamp(rec.Began)}, "RecordingSource": {"RecordVerb"},
	}})
}

// taping is a Record at work. The leg's clock feeds it.
type taping struct {
	timeout time.Duration // of silence that ends it
	longest time.Duration
	finish  string // keys that end it
	done    chan struct{}

	mu     sync.Mutex
	over   bool
	frames []media.Frame
	silent time.Duration // at the end of frames
	key    string        // that ended it
}

func newTaping(v element) *taping {
	t := &taping{timeout: v.seconds("timeout", recordWait), longest: v.seconds("maxLength", recordMost), finish: allKeys, done: make(chan struct{})}
	if keys, set := v.attr["finishOnKey"]; set {
		t.finish = keys
	}
	return t
}

// listen is a [listener].
func (t *taping) listen(said *media.Frame, digit byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	if digit != 0 && strings.IndexByte(t.finish, digit) >= 0 {
		t.key = string(rune(digit))
		t.end()
		return
	}
	t.frames = append(t.frames, *said)
	t.silent += media.FrameDuration
	if _, _, voiced := handset.Voiced(said); voiced {
		t.silent = 0
	}
	if t.silent >= t.timeout || time.Duration(len(t.frames))*media.FrameDuration >= t.longest {
		t.end()
	}
}

func (t *taping) end() {
	t.over = true
	close(t.done)
}

// result is what was recorded, without the silence around it if trim says so,
// and the key that ended it. There are no frames if nobody spoke.
func (t *taping) result(trim bool) (frames []media.Frame, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true // a listener that is late adds nothing
	begin, end, spoken := handset.VoicedSpan(t.frames)
	switch {
	case !spoken:
		return nil, t.key
	case !trim:
		return t.frames, t.key
	}
	return t.frames[begin/media.FrameDuration : (end+media.FrameDuration-1)/media.FrameDuration], t.key
}

// Recording is what a Record kept.
type Recording struct {
	SID    string // RE and 32 hex digits
	Call   string // SID of whose it is
	URL    string // of the sound, without an extension; Config.Base and a path
	Began  time.Time
	Frames []media.Frame // not to be changed

	owner *account
}

// Duration is how long it plays.
func (r Recording) Duration() time.Duration {
	return time.Duration(len(r.Frames)) * media.FrameDuration
}

func (r Recording) seconds() string {
	return strconv.Itoa(int(r.Duration().Round(time.Second) / time.Second))
}
