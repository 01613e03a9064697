package sim

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// hunt is one Dial at work: it looks for somebody who takes the call.
type hunt struct {
	parent *Call
	ctx    context.Context    // ends when nobody is wanted any more
	hang   context.CancelFunc // ends ctx
	d      document
	verb   element
	from   string

	mu       sync.Mutex
	children []*Call // in the order of their nouns; a group that failed stays
	answered *Call   // who took the call; nil: nobody
	moved    bool    // that one was sent elsewhere by REST
}

// ring calls a group at once, and returns when nobody took the call, or when who
// did and the caller have parted.
func (h *hunt) ring(group []element) {
	var apart sync.WaitGroup
	if l := h.parent.legNow(); l != nil && h.parent.carrier.knobs.Ringback {
		tone := &ringback{}
		l.connect(tone)
		defer l.release(tone)
	}
	var calls []*Call
	for _, noun := range group {
		child, err := h.child(noun)
		if err != nil {
			break // the carrier is closed
		}
		calls = append(calls, child)
	}
	h.mu.Lock()
	h.children = append(h.children, calls...)
	h.mu.Unlock()
	stop := context.AfterFunc(h.ctx, func() { h.dismiss(nil) })
	defer stop()
	for i, child := range calls {
		apart.Add(1)
		child.start(func() {
			next := h.try(child, group[i])
			if next == nil {
				child.end(errOver)
			}
			apart.Done()
			if next != nil {
				child.run(*next)
			}
		})
	}
	apart.Wait()
}

// child makes the call of one noun. It never waits in a queue.
func (h *hunt) child(noun element) (*Call, error) {
	child, err := h.parent.carrier.newCall(callSpec{from: h.from, to: noun.text, direction: outboundDial, parent: h.parent.sid})
	if err != nil {
		return nil, err
	}
	if noun.name == "Number" && !e164.MatchString(noun.text) {
		h.parent.offend(police.Dial, 13223, "<Number> is no phone number")
	}
	child.timeout = h.verb.seconds("timeout", 30)
	child.limit = h.verb.seconds("timeLimit", 14400)
	if u := noun.attr["statusCallback"]; u != "" {
		child.callback = callback{h.d.resolve(u), noun.attr["statusCallbackMethod"], eventSet(strings.Fields(noun.attr["statusCallbackEvent"]))}
	}
	return child, nil
}

// try rings one phone and, if it takes the call, bridges it to the caller until
// they part. next is where the one who was called goes on by itself, nil for
// nowhere.
func (h *hunt) try(child *Call, noun element) (next *request) {
	if !child.ring() || !h.whisper(child, noun) || !h.win(child) {
		return nil
	}
	h.talk(child)
	if child.ctx.Err() != nil {
		return nil
	}
	if next = child.takeMove(); next != nil {
		h.mu.Lock()
		h.moved = true
		h.mu.Unlock()
	}
	return next
}

// whisper is what the one who answered hears alone: keys, then a document, which
// may turn the call down.
func (h *hunt) whisper(child *Call, noun element) (taken bool) {
	if keys := noun.attr["sendDigits"]; keys != "" {
		child.announce(child.ctx, handset.KeyTones(keys))
	}
	if noun.attr["url"] != "" {
		return child.perform(request{url: h.d.resolve(noun.attr["url"]), method: noun.attr["method"]}, whisperVerbs)
	}
	return child.ctx.Err() == nil
}

// win reports whether child is the first to take the call; the others are let
// go.
func (h *hunt) win(child *Call) bool {
	h.mu.Lock()
	first := h.answered == nil && h.ctx.Err() == nil
	if first {
		h.answered = child
	}
	h.mu.Unlock()
	if first {
		h.dismiss(child)
	}
	return first
}

// dismiss lets all go but one.
func (h *hunt) dismiss(but *Call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, child := range h.children {
		if child != but {
			child.end(errCompleted)
		}
	}
}

// talk bridges child and the caller until one of them is gone.
func (h *hunt) talk(child *Call) {
	ctx, done := child.newDocument() // REST may send child elsewhere
	defer done(nil)
	h.parent.answer()
	mine, theirs := child.legNow(), h.parent.legNow()
	if theirs == nil {
		return // gone before it was answered
	}
	var m mixer
	a, b := m.sit(false), m.sit(false)
	mine.connect(a)
	theirs.connect(b)
	defer h.parent.hangupOnStar(h.verb, h.hang)()
	h.parent.note("bridge", child.sid)
	select {
	case <-ctx.Done():
	case <-h.ctx.Done():
	}
	mine.release(a)
	theirs.release(b)
	h.parent.note("apart", child.sid)
}

// result is what the Dial's action is told.
func (h *hunt) result() url.Values {
	h.mu.Lock()
	defer h.mu.Unlock()
	child := h.answered
	if child == nil && len(h.children) > 0 {
		child = h.children[len(h.children)-1]
	}
	if child == nil {
		return failedDial()
	}
	child.mu.Lock()
	defer child.mu.Unlock()
	status := child.status
	if h.answered == nil && status == telephony.Completed {
		status = h.parent.carrier.knobs.DeclinedDial
	}
	v := url.Values{"DialCallSid": {child.sid}, "DialCallStatus": {string(status)}, "DialBridged": {strconv.FormatBool(h.answered != nil)}}
	switch {
	case h.moved:
		v.Set("DialCallStatus", string(telephony.Completed))
	case !child.answered.IsZero():
		v.Set("DialCallDuration", strconv.Itoa(int(child.length().Round(time.Second)/time.Second)))
	}
	return v
}
