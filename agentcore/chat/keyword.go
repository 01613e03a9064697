package chat

import (
	"strings"
	"unicode"

	"github.com/hookswitch/hookswitch/telephony"
)

// Keywords.
const (
	stop  = "STOP"
	start = "START"
	help  = "HELP"
)

// keywords are the words that carriers and the rules on consent want honoured
// when they are a whole message. Those that bring somebody back mean something
// only to who is out: to others "start" and "yes" are words.
var keywords = map[string]string{
	"STOP": stop, "STOPALL": stop, "UNSUBSCRIBE": stop, "CANCEL": stop, "END": stop, "QUIT": stop, "REVOKE": stop, "OPTOUT": stop,
	"START": start, "UNSTOP": start, "YES": start,
	"HELP": help, "INFO": help,
}

const mostKeyword = 64 // bytes of a message that may be a keyword

// keyword is what a message asks for besides an answer: stop, start, help, or
// nothing. What the carrier took it for counts before its words.
func keyword(m telephony.TextIn, out bool) string {
	switch m.OptOut {
	case stop, start, help:
		return m.OptOut
	}
	if k := read(m.Body, out); k != "" {
		return k
	}
	if m.Kind == telephony.Email && strings.TrimSpace(m.Body) == "" {
		return read(m.Subject, out) // a mail program's unsubscribe button
	}
	return ""
}

// read reads a keyword, in any case, whatever stands around its letters: "Stop!",
// "stop all".
func read(text string, out bool) string {
	if len(text) > mostKeyword {
		return ""
	}
	bare := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, text)
	if k := keywords[bare]; k != start || out {
		return k
	}
	return ""
}
