package roster

import (
	"regexp"
	"strings"
	"unicode"
)

// Ways to transfer, and kinds of destinations. The list of destinations is all
// that the model may choose from.
var (
	transferTypes = []string{"blind", "conference", "warm", sipRefer}
	destinations  = []string{"phone", "phone_dynamic_variable", "sip_uri", "sip_uri_dynamic_variable"}
	acceptances   = []string{"key", "speech"}
	sipURI        = regexp.MustCompile(`^sips?:[^\s@<>"]+@[^\s@<>"]+$`)
	variableName  = regexp.MustCompile(`^[^{}\s]{1,64}$`)
	digits        = regexp.MustCompile(`^[0-9*#wW]{1,32}$`)
)

// sipRefer hands the call's signalling over, which no stream can do.
const sipRefer = "sip_refer"

// CallerNumber is a transfer's caller_id that shows the caller's own number.
const CallerNumber = "caller"

// Bounds of a transfer.
const (
	maxTransfers = 16
	maxLabel     = 64
	vars64       = 64 // how long the name of a variable may be
	labelDigits  = 6  // a label is told to the model, and a phone number must not be
)

// transfers reads transfer_to_number's list. Its names are the ones of
// ElevenLabs; label, caller_id, ring_timeout_secs, max_attempts and accept are
// ours.
func transfers(f form) {
	all, ok := f.list("transfers", maxTransfers)
	if !ok {
		return
	}
	labels := map[string]bool{}
	for i, v := range all {
		one, ok := f.item("transfers", i, v)
		if !ok {
			continue
		}
		transfer(one, labels)
	}
}

func transfer(f form, labels map[string]bool) {
	var s string
	if f.text("condition", 1_000, "", &s); s == "" && len(f.wrong.Of(f.under+"condition")) == 0 {
		f.refuse("condition", blank)
	}
	kind := "blind"
	if f.oneOf("transfer_type", transferTypes, "blind", &kind); kind == sipRefer {
		f.refuse("transfer_type", "can't be sip_refer on this line: use blind, conference or warm")
	}
	var keys string
	if f.text("post_dial_digits", 32, "", &keys) && keys != "" && !digits.MatchString(keys) {
		f.refuse("post_dial_digits", invalid)
	}
	to, null, ok := f.object("transfer_destination")
	switch {
	case ok && !null:
		destination(to)
	case f.has("phone_number"): // the older shape
		phone(f, "phone_number")
	case len(f.wrong.Of(f.under+"transfer_destination")) == 0:
		f.refuse("transfer_destination", blank)
	}
	label(f, labels)
	callerID(f, kind)
	accept(f, kind)
	var n int
	f.whole("ring_timeout_secs", 5, 60, 0, &n)
	f.whole("max_attempts", 1, 5, 0, &n)
}

// label reads what the model calls a destination: unique, whatever the case.
func label(f form, labels map[string]bool) {
	var s string
	if !f.text("label", maxLabel, "", &s) || s == "" {
		return
	}
	count := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			count++
		}
	}
	folded := strings.ToLower(s)
	switch {
	case strings.TrimSpace(s) != s || strings.ContainsFunc(s, unicode.IsControl):
		f.refuse("label", invalid)
	case count > labelDigits:
		f.refuse("label", "can't hold a phone number")
	case labels[folded]:
		f.refuse("label", taken)
	}
	labels[folded] = true
}

// callerID reads what the destination sees. A carrier lets the caller's own
// number be shown on a call that it forwards, not on one that we place.
func callerID(f form, kind string) {
	var s string
	switch {
	case !f.text("caller_id", 64, "", &s) || s == "":
	case s == CallerNumber && (kind == "conference" || kind == "warm"):
		f.refuse("caller_id", "can be the caller's number in a blind transfer only")
	case s != CallerNumber && !E164(s):
		f.refuse("caller_id", `must be a phone number of yours in E.164 form, or "caller"`)
	}
}

// accept reads how who answers takes the call. One that is announced is taken
// with a key; a blind one as it is answered.
func accept(f form, kind string) {
	if f.in["accept"] == nil {
		return
	}
	var s string
	switch f.oneOf("accept", acceptances, "", &s); {
	case s != "" && kind == "blind":
		f.refuse("accept", "can't be set of a blind transfer")
	case s == "speech" && kind == "warm":
		f.refuse("accept", "can't be speech in a warm transfer: it is taken with a key")
	}
}

func destination(f form) {
	var kind, at string
	f.oneOf("type", destinations, "phone", &kind)
	switch kind {
	case "", "phone":
		phone(f, "phone_number")
	case "sip_uri":
		if f.text("sip_uri", 512, "", &at); !sipURI.MatchString(at) {
			f.refuse("sip_uri", "must be a SIP URI such as sip:desk@example.com")
		}
	default: // the name of a variable that holds it
		field := "phone_number"
		if kind == "sip_uri_dynamic_variable" {
			field = "sip_uri"
		}
		if f.text(field, vars64, "", &at); !variableName.MatchString(at) {
			f.refuse(field, "must be the name of a dynamic variable")
		}
	}
}

func phone(f form, name string) {
	var n string
	if !f.text(name, 64, "", &n) && f.has(name) {
		return
	}
	if n == "" {
		f.refuse(name, blank)
	} else if !E164(n) {
		f.refuse(name, noE164)
	}
}

const noE164 = "must be a phone number in E.164 form, such as +14155550100"
