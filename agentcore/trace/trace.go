// Package trace names the traces of calls. The trace of a call follows from its
// id, and a span from what it is of: whoever takes a call over after a crash, and
// whoever tells a webhook of it a day later, means the same trace without having
// to be told.
package trace

import (
	"crypto/sha256"
	"encoding/hex"
)

// ID is a trace of the W3C's Trace Context: 16 bytes, not all zero.
type ID [16]byte

// Of is the trace of a call.
func Of(call string) (id ID) {
	sum := sha256.Sum256([]byte("hookswitch trace\x00" + call))
	copy(id[:], sum[:])
	return id
}

// String is id in hexadecimal digits, as in a traceparent.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Span is a part of a trace: 8 bytes, not all zero.
type Span [8]byte

// Span is the span of what happened in a call: "call", "turn/3", "tool/KEY",
// "webhook/ID".
func (id ID) Span(what string) (s Span) {
	sum := sha256.Sum256(append(append(id[:], "\x00span\x00"...), what...))
	copy(s[:], sum[:])
	return s
}

// String is s in hexadecimal digits, as in a traceparent.
func (s Span) String() string { return hex.EncodeToString(s[:]) }
