package sim

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// checkDial reports attributes that are out of bounds, or real and not played.
func (c *Call) checkDial(v element) {
	c.bounded(v, 13212, "timeout", 1, 600)
	c.bounded(v, 13215, "timeLimit", 1, 86_400)
	c.either(v, 13213, "hangupOnStar", "true", "false")
	c.either(v, 0, "answerOnBridge", "true", "false")
	c.either(v, 0, "sequential", "true", "false")
	c.unplayed(v, "record", "referUrl", "ringTone")
	if v.attr["callReason"] != "" && len(v.attr["callReason"]) > 50 {
		c.offend(police.Attribute, 0, "<Dial> has a callReason of more than 50 characters")
	}
	for _, n := range v.in {
		c.unplayed(n, "machineDetection", "coach")
		if !sendDigits.MatchString(n.attr["sendDigits"]) {
			c.offend(police.Attribute, 13222, "<Number> has sendDigits that are no keys")
		}
		for _, e := range strings.Fields(n.attr["statusCallbackEvent"]) {
			if n.name != "Conference" && !slices.Contains(callbackEvents, e) {
				c.offend(police.UnknownCallback, 0, "a statusCallbackEvent is unknown")
			}
		}
	}
	if len(v.in) > maxDialled {
		c.offend(police.Dial, 0, "<Dial> has more than ten nouns")
	}
}

// bounded reports an attribute that is no whole number from low to high.
func (c *Call) bounded(e element, code int, name string, low, high int) {
	text, ok := e.attr[name]
	if !ok {
		return
	}
	if n, err := strconv.Atoi(text); err != nil || n < low || n > high {
		c.offend(police.Attribute, code, "<"+e.name+"> has a "+name+" that is no number from "+strconv.Itoa(low)+" to "+strconv.Itoa(high))
	}
}

// either reports an attribute that is none of what it may be.
func (c *Call) either(e element, code int, name string, may ...string) {
	if text, ok := e.attr[name]; ok && !slices.Contains(may, text) {
		c.offend(police.Attribute, code, "<"+e.name+"> has a "+name+" that is none of "+strings.Join(may, ", "))
	}
}

// unplayed warns of attributes that are real, but that this carrier ignores.
func (c *Call) unplayed(e element, names ...string) {
	for _, name := range names {
		if e.attr[name] != "" && e.attr[name] != "do-not-record" {
			c.offend(police.Unsupported, 0, "<"+e.name+"> is played without its "+name)
		}
	}
}
