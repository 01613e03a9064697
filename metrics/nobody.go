package metrics

import "time"

// A [Set] implements agentcore.Observer for who has no call: without exemplars,
// and without an agent.

// CallOver counts the end of a call: see [Call.CallOver].
func (s *Set) CallOver(direction, reason string, lasted time.Duration) {
	s.anyCall.CallOver(direction, reason, lasted)
}

// CallBegan implements agentcore.Observer.
func (s *Set) CallBegan(direction string) { s.anyCall.CallBegan(direction) }

// CallEnded implements agentcore.Observer.
func (s *Set) CallEnded(direction, reason string, lasted time.Duration) {
	s.anyCall.CallEnded(direction, reason, lasted)
}

// TurnTook implements agentcore.Observer.
func (s *Set) TurnTook(endpoint, recognise, tool, model, voice, line time.Duration) {
	s.anyCall.TurnTook(endpoint, recognise, tool, model, voice, line)
}

// TalkedOver implements agentcore.Observer.
func (s *Set) TalkedOver(untilClear time.Duration) { s.anyCall.TalkedOver(untilClear) }

// TalkOverUndone implements agentcore.Observer.
func (s *Set) TalkOverUndone() { s.anyCall.TalkOverUndone() }

// CutIn implements agentcore.Observer.
func (s *Set) CutIn() { s.anyCall.CutIn() }

// ToolTook implements agentcore.Observer.
func (s *Set) ToolTook(tool string, failed bool, took time.Duration) {
	s.anyCall.ToolTook(tool, failed, took)
}

// RecogniserQueued implements agentcore.Observer.
func (s *Set) RecogniserQueued(wait time.Duration) { s.anyCall.RecogniserQueued(wait) }

// ProviderFailed implements agentcore.Observer.
func (s *Set) ProviderFailed(part string) { s.anyCall.ProviderFailed(part) }

// WhoAnswered implements agentcore.Observer.
func (s *Set) WhoAnswered(class string, after time.Duration) { s.anyCall.WhoAnswered(class, after) }
