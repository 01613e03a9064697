package trace

import (
	"strconv"
	"strings"
)

// Call is the span that all others of a call are in.
const Call = "call"

// Tool is the span of a tool's use, by its key. An interrupted use that is tried
// again has the same key, and the same span.
func Tool(key string) string { return "tool/" + key }

// CallOf is the call that a tool's key begins with: "call/turn/n".
func CallOf(key string) string {
	call, _, _ := strings.Cut(key, "/")
	return call
}

// Webhook is the span of an attempt, counted from 1, to deliver a webhook. Each
// is a request of its own.
func Webhook(delivery string, attempt int) string {
	if attempt <= 1 {
		return "webhook/" + delivery
	}
	return "webhook/" + delivery + "/" + strconv.Itoa(attempt)
}
