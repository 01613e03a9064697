package tools

import "slices"

// Own is what tools of an agent's own are counted as: their names come from
// outside, and there is no end of them.
const Own = "own"

// ours are the names of the gateway's tools: those that the agent's definition
// switches on, and the demo's.
var ours = []string{EndCallName, VoicemailDetectionName, "transfer_to_number", "collect_digits", "play_dtmf", BookName}

// Ours is name if that is one of the gateway's tools, and [Own] if not.
func Ours(name string) string {
	if slices.Contains(ours, name) {
		return name
	}
	return Own
}
