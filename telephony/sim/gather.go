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

// Recognize turns what somebody said into text, with a confidence of 0 to 1.
// The frames are the caller's to keep.
type Recognize func(ctx context.Context, said []media.Frame) (text string, confidence float64, err error)

const (
	maxGathered  = 64               // keys of one Gather
	maxSpeech    = 60 * time.Second // of one Gather, unless it says less
	autoQuiet    = time.Second      // silence that ends speech when speechTimeout is auto
	allKeys      = "1234567890*#"
	gatherWait   = 5  // s: the default of timeout
	maxGatherFor = 60 // s: of speech
)

// gather plays a Gather: its prompts, and meanwhile and afterwards it collects
// what is pressed or said. A call that ends meanwhile asks for no action.
func (c *Call) gather(ctx context.Context, d document, v element) step {
	c.checkGather(v)
	l := c.legNow()
	if l == nil {
		return step{}
	}
	g := c.newGathering(v)
	l.overhear(g.listen)
	defer l.overhear(nil)
	prompting, stop := context.WithCancel(ctx)
	defer stop()
	unhook := context.AfterFunc(g.began, stop)
	defer unhook()
	for _, p := range v.in {
		if prompting.Err() == nil {
			c.verb(prompting, d, p)
		}
	}
	g.wait()
	select {
	case <-g.done:
	case <-ctx.Done():
		return step{}
	}
	result, empty := g.result(ctx)
	if empty && !v.flag("actionOnEmptyResult", false) {
		return step{}
	}
	return c.action(ctx, d, v.with("action", cmp.Or(v.attr["action"], d.address)), result)
}

// checkGather reports attributes that are out of bounds, or real and not played.
func (c *Call) checkGather(v element) {
	c.either(v, 0, "input", "dtmf", "speech", "dtmf speech", "speech dtmf")
	c.bounded(v, 13314, "numDigits", 1, maxGathered)
	c.either(v, 0, "actionOnEmptyResult", "true", "false")
	for _, name := range []string{"timeout", "speechTimeout"} {
		if v.attr[name] != "auto" {
			c.bounded(v, 13313, name, 0, 600)
		}
	}
	if strings.Trim(v.attr["finishOnKey"], allKeys) != "" || len(v.attr["finishOnKey"]) > 1 {
		c.offend(police.Attribute, 13310, "<Gather> has a finishOnKey that is no key")
	}
	c.unplayed(v, "partialResultCallback")
	if strings.Contains(v.attr["input"], "speech") && c.carrier.cfg.Recognize == nil {
		c.offend(police.Unsupported, 0, "<Gather> hears no speech: Config.Recognize is nil")
	}
}

// gathering is a Gather at work. The leg's clock feeds it.
type gathering struct {
	recognize Recognize // nil: speech is not listened to
	bargeIn   bool
	keys      bool
	limit     int           // keys after which it is done
	finish    string        // the key that ends it; empty: none
	timeout   time.Duration // without input until it is done
	quiet     time.Duration // of silence that ends speech
	longest   time.Duration // that speech may be

	began context.Context // ends with the first input that stops the prompts
	begin context.CancelFunc
	done  chan struct{}

	mu      sync.Mutex
	waiting bool // the prompts are over
	over    bool
	digits  []byte
	last    byte          // the key that ended it
	idle    time.Duration // since the last input, or the end of the prompts
	said    []media.Frame // from the first voiced frame on
	silent  time.Duration // at the end of said
}

func (c *Call) newGathering(v element) *gathering {
	input := cmp.Or(v.attr["input"], "dtmf")
	g := &gathering{
		bargeIn: v.flag("bargeIn", true), keys: strings.Contains(input, "dtmf"),
		limit: min(cmp.Or(v.count("numDigits", maxGathered), maxGathered), maxGathered), finish: "#",
		timeout: v.seconds("timeout", gatherWait), longest: min(v.seconds("maxSpeechTime", maxGatherFor), maxSpeech),
		done: make(chan struct{}),
	}
	if key, set := v.attr["finishOnKey"]; set {
		g.finish = key
	}
	if strings.Contains(input, "speech") {
		g.recognize = c.carrier.cfg.Recognize
	}
	g.quiet = g.timeout
	if text := v.attr["speechTimeout"]; text != "" {
		g.quiet = max(v.seconds("speechTimeout", 0), autoQuiet)
	}
	g.began, g.begin = context.WithCancel(context.Background())
	return g
}

// wait begins to count the time without input.
func (g *gathering) wait() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = true
}

// listen is a [listener].
func (g *gathering) listen(said *media.Frame, digit byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return
	}
	if g.waiting {
		g.idle += media.FrameDuration
	}
	if g.keys && digit != 0 {
		g.press(digit)
	}
	if g.recognize != nil {
		g.hear(said)
	}
	if g.waiting && g.idle >= g.timeout && len(g.said) == 0 {
		g.end()
	}
}

// press takes a key. The caller holds mu.
func (g *gathering) press(digit byte) {
	g.idle = 0
	g.begin()
	if g.finish != "" && strings.IndexByte(g.finish, digit) >= 0 {
		g.last = digit
		g.end()
		return
	}
	if g.digits = append(g.digits, digit); len(g.digits) >= g.limit {
		g.end()
	}
}

// hear takes 20 ms of what may be speech. The caller holds mu.
func (g *gathering) hear(said *media.Frame) {
	_, _, voiced := handset.Voiced(said)
	if !g.waiting && !g.bargeIn || len(g.said) == 0 && !voiced {
		return
	}
	g.begin()
	g.said = append(g.said, *said)
	if g.silent += media.FrameDuration; voiced {
		g.silent = 0
	}
	if g.silent >= g.quiet || time.Duration(len(g.said))*media.FrameDuration >= g.longest {
		g.end()
	}
}

// end ends it. The caller holds mu.
func (g *gathering) end() {
	if !g.over {
		g.over = true
		g.begin()
		close(g.done)
	}
}

// result is what the action is told, once it is done. empty is whether there
// was no input.
func (g *gathering) result(ctx context.Context) (v url.Values, empty bool) {
	g.mu.Lock()
	digits, last, said := string(g.digits), g.last, g.said
	g.mu.Unlock()
	v = url.Values{}
	if digits != "" || g.recognize == nil {
		v.Set("Digits", digits)
	}
	if last != 0 {
		v.Set("FinishedOnKey", string(rune(last)))
	}
	if digits != "" || len(said) == 0 {
		return v, digits == ""
	}
	text, confidence, err := g.recognize(ctx, said)
	if err != nil || text == "" {
		return v, true
	}
	v.Set("SpeechResult", text)
	v.Set("Confidence", strconv.FormatFloat(confidence, 'f', -1, 64))
	return v, false
}
