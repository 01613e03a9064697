package sim

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// detection is what a call asks of the carrier's detection of machines. The
// limits and defaults are documented.
type detection struct {
	toEnd       bool          // DetectMessageEnd: tells when a machine may be spoken to
	async       bool          // beside the call, rather than before its first document
	timeout     time.Duration // of it all. Default 30 s
	speech      time.Duration // longer speech is a machine's. Default 2400 ms
	speechEnd   time.Duration // of silence that ends speech. Default 1200 ms
	silence     time.Duration // with nothing said until it gives up. Default 5000 ms
	url, method string        // told the verdict; async only
	mistakes    float64       // share of humans taken for machines
	undetected  float64       // share called unknown
	seed        uint64
}

// detectionOf reads what r asks for; nil when it does not.
func (c *Carrier) detectionOf(r *http.Request) (*detection, *restError) {
	f := r.PostForm
	mode := f.Get("MachineDetection")
	if mode == "" || f.Get("SendDigits") != "" {
		return nil, nil // digits turn it off: documented
	}
	bad := func(name string) (*detection, *restError) {
		return nil, failure(http.StatusBadRequest, 20001, name+" is not valid")
	}
	if mode != "Enable" && mode != "DetectMessageEnd" {
		return bad("MachineDetection")
	}
	d := &detection{
		toEnd: mode == "DetectMessageEnd", async: f.Get("AsyncAmd") == "true", url: f.Get("AsyncAmdStatusCallback"),
		mistakes: c.knobs.HumanAsMachine, undetected: c.knobs.Undetected, seed: c.knobs.Seed,
	}
	for _, p := range []struct {
		name               string
		field              *time.Duration
		unit               time.Duration
		missing, low, high int
	}{
		{"MachineDetectionTimeout", &d.timeout, time.Second, 30, 3, 59},
		{"MachineDetectionSpeechThreshold", &d.speech, time.Millisecond, 2400, 1000, 6000},
		{"MachineDetectionSpeechEndThreshold", &d.speechEnd, time.Millisecond, 1200, 500, 5000},
		{"MachineDetectionSilenceTimeout", &d.silence, time.Millisecond, 5000, 2000, 10000},
	} {
		n, fail := whole(f, p.name, p.missing, p.low, p.high)
		if fail != nil {
			return nil, fail
		}
		*p.field = time.Duration(n) * p.unit
	}
	method, fail := methodOf(f.Get("AsyncAmdStatusCallbackMethod"))
	d.method = method
	switch async := f.Get("AsyncAmd"); {
	case async != "" && async != "true" && async != "false":
		return bad("AsyncAmd")
	case d.url != "" && !isWebAddress(d.url):
		return bad("AsyncAmdStatusCallback")
	}
	return d, fail
}

// The engine needs 2.5 to 5 s for a verdict, 4 s on average: published, and
// 2980 ms was seen.
const (
	fastest = 2500 * time.Millisecond
	usual   = 4500 * time.Millisecond
	slowest = 5 * time.Second
)

// latency draws how long the engine needs: a triangle whose mean is 4 s.
func latency(chance *rand.Rand) time.Duration {
	return triangle(chance, fastest, usual, slowest)
}

// judge says what d finds of somebody, and how long after answer. ordinal is
// the call's: each has chances of its own.
func (d *detection) judge(t handset.Truth, ordinal uint64) (who string, after time.Duration) {
	chance := rand.New(rand.NewPCG(d.seed, ordinal))
	least := latency(chance)
	mistaken, missed := chance.Float64() < d.mistakes, chance.Float64() < d.undetected
	who, after = d.hear(t)
	if who == "human" && mistaken {
		who = "machine"
	}
	after = max(after, least)
	if missed {
		who = "unknown"
	}
	if who == "machine" {
		return d.judgeMachine(t, after)
	}
	if after > d.timeout {
		return "unknown", d.timeout
	}
	return who, after
}

// greeting is how long somebody speaks of whom nothing is known.
const greeting = 800 * time.Millisecond

// hear is what the length of a greeting says, by the documented thresholds.
func (d *detection) hear(t handset.Truth) (who string, after time.Duration) {
	speaks := t.Greeting
	if t.Is == "" {
		speaks = greeting
	}
	switch {
	case t.Is == handset.Fax:
		return "fax", 0
	case speaks <= 0:
		return "unknown", d.silence
	case speaks > d.speech:
		return "machine", d.speech
	}
	return "human", speaks + d.speechEnd
}

// judgeMachine says how a machine is reported, and when: at once, or when its
// greeting is over.
func (d *detection) judgeMachine(t handset.Truth, after time.Duration) (who string, at time.Duration) {
	if !d.toEnd {
		if after > d.timeout {
			return "unknown", d.timeout
		}
		return "machine_start", after
	}
	who, at = "machine_end_silence", max(after, t.Greeting+d.speechEnd)
	if t.Beep > 0 {
		who, at = "machine_end_beep", max(after, t.Beep)
	}
	if at > d.timeout {
		return "machine_end_other", d.timeout
	}
	return who, at
}

// detect waits for the verdict and tells it, unless ctx ends first. The call
// is answered.
func (c *Call) detect(ctx context.Context) {
	c.mu.Lock()
	phone := c.phone
	c.mu.Unlock()
	var truth handset.Truth
	if k, ok := phone.(interface{ Truth() handset.Truth }); ok {
		truth = k.Truth()
	}
	who, after := c.detection.judge(truth, c.ordinal)
	sleep(ctx, time.Until(c.Answered().Add(after)))
	if ctx.Err() != nil {
		return
	}
	c.note("detected", who)
	c.mu.Lock()
	c.who = who
	c.see()
	c.mu.Unlock()
	if c.detection.url == "" || !c.detection.async {
		return
	}
	c.queue(post{cmp.Or(c.detection.method, http.MethodPost), c.detection.url, url.Values{
		"CallSid": {c.sid}, "AccountSid": {c.owner.SID}, "AnsweredBy": {who},
		"MachineDetectionDuration": {strconv.FormatInt(after.Milliseconds(), 10)},
	}})
}

// triangle draws from a triangular distribution.
func triangle(chance *rand.Rand, low, mode, high time.Duration) time.Duration {
	u, l, m, h := chance.Float64(), float64(low), float64(mode), float64(high)
	if split := (m - l) / (h - l); u < split {
		return time.Duration(l + math.Sqrt(u*(h-l)*(m-l)))
	}
	return time.Duration(h - math.Sqrt((1-u)*(h-l)*(h-m)))
}
