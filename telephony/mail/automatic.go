package mail

import (
	"mime"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
)

// maxHops is how many servers a letter passes at most that is in no loop.
const maxHops = 50

// machines are the local parts of addresses behind which nobody reads.
var machines = regexp.MustCompile(`^(mailer-daemon|postmaster|(no|do[-_.]?not|dont)[-_.]?reply|bounces?|listserv|majordomo|owner-.*|.*-(bounces?|request|owner))([-_.+=].*|[0-9]*)$`)

// wroteItself reports whether a machine wrote a letter from there. It is never
// answered: two machines that answer each other do so for ever. The rules are
// RFC 3834, section 2, and what programs do that are older.
func wroteItself(h textproto.MIMEHeader, from string) bool {
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Failed-Recipients", "List-Id", "List-Unsubscribe"} {
		if h.Get(name) != "" {
			return true
		}
	}
	local, _, _ := strings.Cut(from, "@")
	return machines.MatchString(local) ||
		submittedItself(h) || suppresses(h) || nobodyReturns(h) || reports(h) ||
		slices.Contains([]string{"bulk", "junk", "list", "auto_reply"}, word(h.Get("Precedence"))) ||
		len(h["Received"]) > maxHops
}

// submittedItself is the header that says so: anything but no (RFC 3834, section
// 5), with a comment or parameters behind it.
func submittedItself(h textproto.MIMEHeader) bool {
	for _, value := range h[headerAuto] {
		if w := word(value); w != "" && w != "no" {
			return true
		}
	}
	return false
}

// suppresses reports whether the sender wants no automatic answers.
func suppresses(h textproto.MIMEHeader) bool {
	for each := range strings.SplitSeq(strings.Join(h[headerSuppress], ","), ",") {
		switch word(each) {
		case "all", "oof", "autoreply":
			return true
		}
	}
	return false
}

// nobodyReturns reports whether the envelope names nobody to whom it returns, as
// that of a bounce does (RFC 5321, section 4.5.5).
func nobodyReturns(h textproto.MIMEHeader) bool {
	return slices.ContainsFunc(h["Return-Path"], func(v string) bool { return strings.TrimSpace(v) == "<>" })
}

// reports reports whether the letter is about another one: a bounce, a receipt.
func reports(h textproto.MIMEHeader) bool {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return kind == "multipart/report" || kind == "message/delivery-status" || kind == "message/disposition-notification"
}

// word is the first word of a header's value, in lower case.
func word(value string) string {
	fields := strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return strings.ContainsRune(" \t;(,", r) })
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}

// looped reports whether a letter to an address was sent by it: by us, or by
// whoever repeats what we sent.
func looped(h textproto.MIMEHeader, from, to string) bool {
	return from == to || slices.Contains(addresses(h[headerLoop]), to)
}
