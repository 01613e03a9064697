package show

import "github.com/hookswitch/hookswitch/agentcore"

// What an [Item] is.
const (
	Answered = agentcore.ItemAnswered
	Agent    = agentcore.ItemAgent
	Caller   = agentcore.ItemCaller
	Key      = agentcore.ItemKey
	Noise    = agentcore.ItemNoise
	Tool     = agentcore.ItemTool
	Transfer = agentcore.ItemTransfer
	Answerer = agentcore.ItemWho
	Message  = agentcore.ItemMessage
	Trouble  = agentcore.ItemTrouble
	LineLost = agentcore.ItemLost
	Over     = agentcore.ItemEnded
)

// Item is an [agentcore.Item] whose texts have gone through [Clean].
type Item struct {
	agentcore.Item
	Tool *ToolCall // of Tool
}

// Talk is a talk-over: the caller spoke while the agent did.
type Talk = agentcore.Interruption

// ToolCall is what the agent asked a tool, and what came of it.
type ToolCall agentcore.ToolCall

// Script turns the entries of one call into the items of its transcript, as they
// are complete. The zero Script is ready to use.
type Script struct {
	Silenced func(agentcore.TalkOver) (ms int64, ok bool) // see [agentcore.Script]

	script agentcore.Script
}

// Add takes the next entry and returns the items that are now complete.
func (s *Script) Add(e agentcore.Entry) []Item {
	s.script.Silenced = s.Silenced
	return cleaned(s.script.Add(e))
}

// Rest returns what is still kept back of a call whose journal stops without
// an end.
func (s *Script) Rest() []Item { return cleaned(s.script.Rest()) }

// Items are the items of a whole call.
func Items(entries []agentcore.Entry) []Item { return cleaned(agentcore.Items(entries)) }

func cleaned(items []agentcore.Item) []Item {
	var out []Item
	for _, i := range items {
		i.Text, i.Unheard, i.Why = Clean(i.Text), Clean(i.Unheard), Clean(i.Why)
		c := Item{Item: i}
		if t := i.Tool; t != nil {
			c.Tool = &ToolCall{Clean(t.Name), t.Arguments, Clean(t.Result), t.Answered, t.Failed, t.TookMS}
		}
		out = append(out, c)
	}
	return out
}
