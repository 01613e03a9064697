// Package search is the language in which people ask for calls, the same in the
// API, the console and the command line:
//
//	agent:front-desk said:"next saturday" gap>800 since:7d
//
// Terms stand one space apart and must all hold. It only reads the language: who
// keeps the calls compares them.
package search

import (
	"slices"
	"time"
)

// Bounds of a query.
const (
	MaxBytes = 1024
	MaxTerms = 20
)

// Key is what a term asks about.
type Key string

// The keys. See [Keys] for what each takes.
const (
	Agent     Key = "agent"
	Number    Key = "number"
	From      Key = "from"
	To        Key = "to"
	Direction Key = "direction"
	End       Key = "end"
	Transfer  Key = "transfer"
	Who       Key = "who"
	Live      Key = "live"
	Gap       Key = "gap"
	Unheard   Key = "unheard"
	Duration  Key = "duration"
	Said      Key = "said"
	Since     Key = "since"
	Until     Key = "until"
	ID        Key = "id"
)

// Op compares a number of the call with the term's.
type Op string

// The operators.
const (
	Above   Op = ">"
	AtLeast Op = ">="
	Below   Op = "<"
	AtMost  Op = "<="
	Equal   Op = "="
)

// Query is a list of terms that must all hold. The zero Query finds every call.
type Query []Term

// Asks reports whether q has a term of one of the keys.
func (q Query) Asks(keys ...Key) bool {
	return slices.ContainsFunc(q, func(t Term) bool { return slices.Contains(keys, t.Key) })
}

// Term is one condition. Which fields are set depends on its key.
type Term struct {
	Key    Key
	Text   string        // Agent, ID, Said, Direction; Number, From and To without spaces and star
	Prefix bool          // of Number, From, To: Text is only the beginning
	Any    []string      // of End, Transfer and Who: one of them
	Yes    bool          // of Live
	Op     Op            // of Gap, Unheard, Duration
	Value  int64         // of Gap in ms, of Unheard in words, of Duration in seconds
	Ago    time.Duration // of Since and Until, when Time is zero: before now
	Time   time.Time     // of Since and Until
}

// At is the moment that a Since or Until means when it is now.
func (t Term) At(now time.Time) time.Time {
	if t.Time.IsZero() {
		return now.Add(-t.Ago)
	}
	return t.Time
}

// key is how the terms of one key are read.
type key struct {
	Name  Key
	Takes string // completes "gap takes ..."
	op    bool   // compares a number; the others have a colon
	read  func(*Term, string) bool
}

// Keys are all keys with what they take, as people read it.
func Keys() []struct{ Name, Takes string } {
	out := make([]struct{ Name, Takes string }, len(keys))
	for i, k := range keys {
		out[i].Name, out[i].Takes = string(k.Name), k.Takes
	}
	return out
}

var keys = []key{
	{Agent, "a name or UUID, such as agent:front-desk", false, words},
	{Number, "a phone number of either side, or its beginning and a star, such as number:+1415*", false, number},
	{From, "a phone number, or its beginning and a star, such as from:+14155550100", false, number},
	{To, "a phone number, or its beginning and a star, such as to:+1415*", false, number},
	{Direction, "inbound or outbound", false, direction},
	{End, "end reasons with commas between them, such as end:caller_hangup,line_lost", false, reasons},
	{Transfer, "what came of a transfer, with commas between: completed, busy, no_answer, failed, declined, voicemail, silent or canceled", false, handovers},
	{Who, "who answered a call that was placed, as we found out, with commas between, such as who:voicemail_beep,fax", false, answerers},
	{Live, "true or false", false, yesNo},
	{Gap, "a number of milliseconds, such as gap>800", true, count},
	{Unheard, "a number of words, such as unheard>0", true, count},
	{Duration, "a number of seconds, such as duration>30", true, count},
	{Said, `words that either side said, such as said:"saturday"`, false, words},
	{Since, "a time ago or a date, such as since:7d, since:2h, since:2026-11-20 or since:2026-11-20T09:00:00Z", false, since},
	{Until, "a time ago or a date (to its end), such as until:2h, until:2026-11-20 or until:2026-11-20T09:00:00Z", false, until},
	{ID, "the id of a call", false, word},
}
