package sim

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// overrides are how an address is asked. What its fragment says stands in place
// of the defaults: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
type overrides struct {
	retries int           // rc: further attempts, 0 to 5. Default 1
	on      []string      // rp: what they are made for, of 4xx, 5xx, ct, rt. Default ct
	connect time.Duration // ct: for a connection, in each attempt. Default 5 s
	read    time.Duration // rt: for the first byte, and between parts. Default 15 s
	total   time.Duration // tt: for all attempts together. Default 15 s
}

// overridesOf reads the fragment of address; limit is the default of total, and
// what it can't exceed. A key that is unknown or out of range is bad, and its
// default holds.
func overridesOf(address string, limit time.Duration) (o overrides, bad []string) {
	o = overrides{retries: 1, on: []string{"ct"}, connect: 5 * time.Second, read: 15 * time.Second, total: limit}
	_, fragment, _ := strings.Cut(address, "#")
	for pair := range strings.SplitSeq(fragment, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if pair != "" && !o.set(key, value) {
			bad = append(bad, key)
		}
	}
	o.total = min(o.total, limit)
	return o, bad
}

// set obeys one pair, and reports whether it could.
func (o *overrides) set(key, value string) bool {
	switch key {
	case "rc":
		return within(value, 0, 5, func(n int) { o.retries = n })
	case "ct":
		return within(value, 100, 10_000, func(n int) { o.connect = time.Duration(n) * time.Millisecond })
	case "rt":
		return within(value, 100, 15_000, func(n int) { o.read = time.Duration(n) * time.Millisecond })
	case "tt":
		return within(value, 100, 15_000, func(n int) { o.total = time.Duration(n) * time.Millisecond })
	case "rp":
		return o.policy(value)
	case "e", "sni":
		return value != "" // where requests leave from, and TLS: nothing to do on loopback
	}
	return false
}

func within(value string, low, high int, set func(int)) bool {
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		return false
	}
	set(n)
	return true
}

// policy reads a list of failures, of which a comma may be written as %2C.
func (o *overrides) policy(value string) bool {
	value, err := url.QueryUnescape(value)
	if err != nil {
		return false
	}
	on := strings.Split(value, ",")
	if slices.Contains(on, "all") {
		o.on = []string{"4xx", "5xx", "ct", "rt"}
		return true
	}
	for _, w := range on {
		if !slices.Contains([]string{"4xx", "5xx", "ct", "rt"}, w) {
			return false
		}
	}
	o.on = on
	return true
}

// Why an attempt failed that got no answer.
var (
	errConnect = errors.New("sim: the webhook was not connected in time")
	errRead    = errors.New("sim: the webhook did not answer in time")
)

// again reports whether an attempt that ended so is one to repeat. A connection
// that breaks counts as one that says nothing: what the carrier makes of it is
// not documented.
func (o overrides) again(status int, err error) bool {
	switch {
	case errors.Is(err, errConnect):
		return slices.Contains(o.on, "ct")
	case err != nil:
		return slices.Contains(o.on, "rt")
	}
	return status/100 == 4 && slices.Contains(o.on, "4xx") || status/100 == 5 && slices.Contains(o.on, "5xx")
}
