package sim

import (
	"context"
	"net/url"
	"slices"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// maxDialled is how many nouns a Dial may have.
const maxDialled = 10

// dial plays a Dial: it rings one phone or more, and joins the first that is
// picked up to the call; or it brings the call into a conference.
func (c *Call) dial(ctx context.Context, d document, v element) step {
	c.checkDial(v)
	if i := slices.IndexFunc(v.in, func(n element) bool { return n.name == "Conference" }); i >= 0 {
		return c.confer(ctx, d, v, v.in[i])
	}
	nouns := callees(v)
	from, ok := c.callerID(v, nouns)
	if !ok || len(nouns) == 0 {
		return c.action(ctx, d, v, failedDial())
	}
	dialling, hang := context.WithCancel(ctx)
	defer hang()
	h := &hunt{parent: c, ctx: dialling, hang: hang, d: d, verb: v, from: from}
	groups := [][]element{nouns}
	if v.flag("sequential", false) {
		groups = slices.Collect(slices.Chunk(nouns, 1))
	}
	for _, g := range groups {
		if dialling.Err() == nil && h.answered == nil {
			h.ring(g)
		}
	}
	return c.action(ctx, d, v, h.result())
}

// failedDial is what a Dial's action is told that called nobody.
func failedDial() url.Values {
	return url.Values{"DialCallStatus": {string(telephony.StateFail)}, "DialBridged": {"false"}}
}

// callees are the nouns of a Dial that are called. A Dial without any calls its
// own text.
func callees(v element) (out []element) {
	for _, n := range v.in {
		if (n.name == "Number" || n.name == "Sip") && len(out) < maxDialled {
			out = append(out, n)
		}
	}
	if len(out) == 0 && v.text != "" {
		out = []element{{name: "Number", text: v.text}}
	}
	return out
}

// hangupOnStar ends a Dial when the caller presses the star, if v says so. What
// it returns undoes that.
func (c *Call) hangupOnStar(v element, hang context.CancelFunc) (undo func()) {
	l := c.legNow()
	if l == nil || !v.flag("hangupOnStar", false) {
		return func() {}
	}
	l.overhear(func(_ *media.Frame, digit byte) {
		if digit == '*' {
			hang()
		}
	})
	return func() { l.overhear(nil) }
}

// callerID is the number that the others see: the caller's own, unless the
// account has the one that v names. A SIP phone may be shown anything.
func (c *Call) callerID(v element, nouns []element) (from string, ok bool) {
	from = v.attr["callerId"]
	sip := !slices.ContainsFunc(nouns, func(n element) bool { return n.name != "Sip" })
	switch {
	case from == "":
		return c.from, true
	case sip, from == c.from, from == c.to, c.carrier.owns(c.owner, from), slices.Contains(c.owner.Verified, from):
		return from, true
	}
	c.offend(police.Dial, 13214, "<Dial> has a callerId that is not the account's")
	return "", false
}

// eventSet makes a set of StatusCallbackEvents; none asks for completed.
func eventSet(names []string) map[string]bool {
	set := map[string]bool{}
	for _, n := range names {
		set[n] = true
	}
	if len(set) == 0 {
		set["completed"] = true
	}
	return set
}
