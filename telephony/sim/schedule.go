package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// What is one way in which a line goes wrong.
type What string

// What happens to the stream of a call at a moment, Fault.At after answer, or as
// soon as there is a stream from then on. Each happens once.
const (
	CutStream  What = "cut"       // TCP reset, as a router that crashes does
	FinStream  What = "fin"       // the connection ends without a word: no stop, no close
	CloseFrame What = "close"     // closed with Fault.Code (1001), and no stop
	HalfOpen   What = "half-open" // neither reads nor writes any more, and closes nothing until the carrier does
	SlowReader What = "slow"      // does not read for Fault.For; 0: to the end
	HoldBack   What = "hold"      // what it sends is held back for Fault.For, at most 5 s, and then sent at once
	Do         What = "do"        // calls Fault.Run, stream or not: to kill the gateway
)

// What happens to the media messages of a stream, from Fault.At on and for
// Fault.For; 0: to the end. Nth counts the messages of a stream.
const (
	LoseMedia  What = "lose"      // not sent; its numbers are used up
	TwiceMedia What = "twice"     // sent twice
	SwapMedia  What = "swap"      // sent after the next
	Misnumber  What = "misnumber" // its sequenceNumber is 1000 too high
)

// What happens to a whole stream. Nth counts the streams of a call.
const (
	LateStart What = "late-start" // start comes Fault.For after connected
	StopTwice What = "stop-twice" // two stop messages at its end
	NoStop    What = "no-stop"    // closed without stop at its end
	CloseCode What = "close-code" // closed with Fault.Code at its end
	Jitter    What = "jitter"     // each message is late by up to Fault.For
)

// What happens to a call's status callbacks. Nth counts them.
const (
	CallbackLost  What = "callback-lost"  // never sent
	CallbackTwice What = "callback-twice" // sent twice, with the same token
	CallbackLate  What = "callback-late"  // sent Fault.For later, beside the others
	CallbackSwap  What = "callback-swap"  // sent after the next
)

// What happens to a request for TwiML. Nth counts the attempts.
const (
	WebhookUnreached What = "webhook-unreached" // no connection: known after Fault.For. 0: a time-out
	WebhookLost      What = "webhook-lost"      // it arrives, and its answer does not: known after Fault.For. 0: a time-out
	WebhookStatus    What = "webhook-status"    // a proxy answers Fault.Code (503), and the gateway hears nothing
	WebhookTwice     What = "webhook-twice"     // it arrives twice, with the same token; the second answer counts
	WebhookLate      What = "webhook-late"      // it is sent Fault.For later
	DoAtWebhook      What = "do-at-webhook"     // calls Fault.Run before it is sent
)

// What is wrong with a whole call.
const (
	Skew What = "skew" // the carrier's clock is Fault.For ahead in what it says of the call
)

// Fault is something that goes wrong, and when. What it does not say does not
// limit it. Of two that fit an occasion the first one bites.
type Fault struct {
	What What // required

	Call   int           // only in the nth call of the carrier
	Number string        // only in calls from or to that number
	At     time.Duration // only so long after answer, or later
	Nth    int           // only at the nth occasion
	Every  int           // only at every nth occasion, the nth first
	Chance float64       // that it bites, drawn from Knobs.Seed. 0: 1
	Times  int           // after so many in a call it is over
	Path   string        // only requests whose path holds this
	Status string        // only requests with this CallStatus, StreamEvent or StatusCallbackEvent

	For  time.Duration // how long, or how late
	Code int           // of a close, or an answer
	Run  func()        // for Do and DoAtWebhook; Close waits until it has returned
}

// uses are the fields that a kind of fault looks at, beside Call, Number, At and
// Chance, which all do. Those in must are needed.
var uses = map[What]struct{ may, must []string }{
	CutStream:  {[]string{"nth"}, nil},
	FinStream:  {[]string{"nth"}, nil},
	CloseFrame: {[]string{"nth", "code"}, nil},
	HalfOpen:   {[]string{"nth"}, nil},
	SlowReader: {[]string{"nth", "for"}, nil},
	HoldBack:   {[]string{"nth"}, []string{"for"}},
	Do:         {nil, []string{"run"}},

	LoseMedia:  {mediaUses, nil},
	TwiceMedia: {mediaUses, nil},
	SwapMedia:  {mediaUses, nil},
	Misnumber:  {mediaUses, nil},

	LateStart: {occasionUses, []string{"for"}},
	StopTwice: {occasionUses, nil},
	NoStop:    {occasionUses, nil},
	CloseCode: {occasionUses, []string{"code"}},
	Jitter:    {occasionUses, []string{"for"}},

	CallbackLost:  {requestUses, nil},
	CallbackTwice: {requestUses, nil},
	CallbackLate:  {append([]string{"for"}, requestUses...), nil},
	CallbackSwap:  {requestUses, nil},

	WebhookUnreached: {append([]string{"for"}, requestUses...), nil},
	WebhookLost:      {append([]string{"for"}, requestUses...), nil},
	WebhookStatus:    {append([]string{"code"}, requestUses...), nil},
	WebhookTwice:     {requestUses, nil},
	WebhookLate:      {requestUses, []string{"for"}},
	DoAtWebhook:      {requestUses, []string{"run"}},

	Skew: {nil, []string{"for"}},
}

var (
	occasionUses = []string{"nth", "every", "times"}
	mediaUses    = append([]string{"for"}, occasionUses...)
	requestUses  = append([]string{"path", "status"}, occasionUses...)
)

// maxHold is how long messages can be held back: as many are kept.
const maxHold = 5 * time.Second

// check reports what makes no sense.
func (f Fault) check() error {
	u, known := uses[f.What]
	if !known {
		return fmt.Errorf("sim: there is no fault %q", f.What)
	}
	set := map[string]bool{
		"nth": f.Nth != 0, "every": f.Every != 0, "times": f.Times != 0, "path": f.Path != "", "status": f.Status != "",
		"for": f.For != 0, "code": f.Code != 0, "run": f.Run != nil,
	}
	for _, name := range []string{"nth", "every", "times", "path", "status", "for", "code", "run"} {
		switch must := slices.Contains(u.must, name); {
		case must && !set[name]:
			return fmt.Errorf("sim: the fault %s needs a value of %q", f.What, name)
		case set[name] && !must && !slices.Contains(u.may, name):
			return fmt.Errorf("sim: the fault %s has no use for %q", f.What, name)
		}
	}
	return f.bounds()
}

func (f Fault) bounds() error {
	switch {
	case f.Call < 0 || f.Nth < 0 || f.Every < 0 || f.Times < 0 || f.At < 0:
		return errors.New("sim: a fault counts from 1 and from answer")
	case !(f.Chance >= 0 && f.Chance <= 1): // not NaN
		return errors.New("sim: the chance of a fault is from 0 to 1")
	case f.For < 0 && f.What != Skew:
		return errors.New("sim: a fault can't last for less than nothing")
	case f.What == HoldBack && f.For > maxHold:
		return fmt.Errorf("sim: messages are held back for %v at most", maxHold)
	case f.What == WebhookStatus && f.Code != 0 && (f.Code < 400 || f.Code > 599):
		return errors.New("sim: the code of a webhook that fails is from 400 to 599")
	case (f.What == CloseFrame || f.What == CloseCode) && f.Code != 0 && !closeCode(f.Code):
		return errors.New("sim: no websocket can be closed with that code")
	}
	return nil
}

// closeCode reports whether a close frame can hold n: RFC 6455, section 7.4.
func closeCode(n int) bool {
	return n >= 1000 && n <= 1014 && n != 1004 && n != 1005 && n != 1006 || n >= 3000 && n <= 4999
}

// Schedule puts faults in the place of those there were, for calls that begin
// from now on; none heals all. See [Call.Schedule] for a call in progress, and
// [Carrier.FailREST] for what goes wrong in REST requests.
func (c *Carrier) Schedule(faults ...Fault) error {
	for _, f := range faults {
		if err := f.check(); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.schedule = slices.Clone(faults)
	return nil
}

// Struck is how often faults of a kind have bitten. A test whose faults never
// bit has shown nothing.
func (c *Carrier) Struck(w What) int {
	c.struck.Lock()
	defer c.struck.Unlock()
	return c.struck.n[w]
}

func (c *Carrier) countStrike(w What) {
	c.struck.Lock()
	defer c.struck.Unlock()
	if c.struck.n == nil {
		c.struck.n = map[What]int{}
	}
	c.struck.n[w]++
}
