package server

import (
	"context"
	"fmt"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

// Variables of a prompt that hold what was said before.
const (
	pastVariable = "conversation_history" // seed 002: only where the prompt names it
	chatVariable = "chat_so_far"          // of the chat that went over to a call
)

// overToCall is what a prompt ends with on a call that a chat went over to.
const overToCall = "\n\nYou and the contact wrote to each other before this call, which goes on from there:\n{{" + chatVariable + "}}"

// remember gives p what was said before the call of r: the past with the contact
// where the prompt names it, and the chat that went over to this call.
func (s *Server) remember(ctx context.Context, r dispatch.Record, p *person) error {
	told := vars.Set{}
	if slices.Contains(vars.Names(p.agent.Prompt), pastVariable) {
		past, err := s.store.PastWith(ctx, r.Workspace, contactOf(r), r.Created, mostPast) // of nobody: nothing
		if err != nil {
			return fmt.Errorf("server: what was said before: %w", err)
		}
		told[pastVariable] = chat.FormatPast(past)
	}
	if r.Chat != "" {
		lines, err := s.chats.Lines(ctx, r.Chat)
		if err != nil {
			return fmt.Errorf("server: the chat that went over to a call: %w", err)
		}
		told[chatVariable] = chat.FormatPast(lines)
		p.agent.Prompt += overToCall
	}
	p.vars = vars.Merge(p.vars, told)
	return nil
}

// mostPast is how much of the past is read for a prompt.
const mostPast = 50

// contactOf is the other end of a call; empty: it is not known. The number that a
// foreign call says is what whoever opened its stream wrote: it gets to hear of
// nobody's past.
func contactOf(r dispatch.Record) string {
	if r.Foreign {
		return ""
	}
	if r.Direction == telephony.Outbound {
		return string(r.To)
	}
	return string(r.From)
}
