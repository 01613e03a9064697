package wire

import (
	"strings"
	"testing"
)

// TestTheUsualMessageIsReadAsAnyOther: the short way and the long one say the same
// of every message that the short way takes, and of each that is cut or has one
// byte changed.
func TestTheUsualMessageIsReadAsAnyOther(t *testing.T) {
	const text = `{"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"2","timestamp":"20","payload":"/38A"},"streamSid":"MZ0a"}`
	check := func(msg string) {
		var short Message
		if !usual([]byte(msg), &short) {
			return
		}
		long := Message{}
		s := scanner{text: []byte(msg)}
		s.message(&long)
		if !s.atEnd() || long.complete([]byte(msg)) != nil || !same(short, long) {
			t.Errorf("%s\nread as   %+v\nbut it is %+v", msg, short, long)
		}
	}
	var m Message
	if !usual([]byte(text), &m) || m.Time != 20 || !m.Timed {
		t.Errorf("%s is not taken: %+v", text, m)
	}
	for i := range text {
		check(text[:i])
		for _, c := range "\x00\x1f \"\\\x7f\x80,:{}[]0aZ" {
			check(text[:i] + string(c) + text[i+1:])
			check(text[:i] + string(c) + text[i:])
		}
	}
	check(strings.Replace(text, "20", strings.Repeat("9", 13), 1))
	check(text + " ")
}

// TestTwiliosOwnMessagesAreUsual: else the short way is of no use.
func TestTwiliosOwnMessagesAreUsual(t *testing.T) {
	media := 0
	for _, frame := range captured(t) {
		var m Message
		if Parse(frame, &m) == nil && m.Kind == Media {
			media++
			if !usual(frame, &m) {
				t.Errorf("%s goes the long way", frame)
			}
		}
	}
	if media == 0 {
		t.Error("there is no media message in what was captured")
	}
}
