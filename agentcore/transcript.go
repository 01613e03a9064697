package agentcore

import "github.com/hookswitch/hookswitch/agentcore/answer"

// Kinds of an [Item].
const (
	ItemAnswered = "answered" // the line was connected; Text is what hears, thinks and speaks
	ItemAgent    = "agent"    // a reply that is over
	ItemCaller   = "caller"   // a turn of the caller's, or a part of it
	ItemKey      = "key"      // Text is the digit, or all that were keyed in; asterisks if nobody may see them
	ItemNoise    = "noise"    // the caller made a sound without words
	ItemTool     = "tool"
	ItemTransfer = "transfer" // the call is being handed to somebody else, or what became of that, or another agent has it now; Text says it
	ItemWho      = "who"      // who is taken to have answered, from here on: Who
	ItemMessage  = "message"  // the agent begins to leave its message
	ItemTrouble  = "trouble"  // a provider failed
	ItemLost     = "lost"
	ItemEnded    = "ended" // Text is the end reason
)

// Item is one thing of a call's transcript. Times are milliseconds since the
// call was answered.
type Item struct {
	Kind    string
	At, End int64
	Turn    int    // the caller's turn that it is or answers; of ItemAnswered the epoch; 0 for none
	Reply   int    // of an agent's
	Agent   string // of an agent's, and of a tool: the name of who has the floor, once it has changed hands
	Text    string
	Unheard string          // of an agent's: what was planned and not played
	Why     string          // of an agent's: greeting, answer, prompt, apology, resume; of trouble whose it is
	Cut     bool            // of an agent's; of trouble: it was fatal
	Parts   *Parts          // of an agent's, when it answers a turn; its Sum is the gap
	Talked  bool            // of a caller's: began while the agent spoke
	Talk    *Interruption   // of a caller's, a key or a noise: what came of talking over
	Tool    *ToolCall       // of a tool
	Heard   CallerSaid      // of a caller's: how the words were got
	Who     *answer.Verdict // of ItemWho
	Beeped  int64           // of an agent's that is its message: when the beep before it was over; 0 for none
}

// Gap is the time from the caller's last word to the agent's first sample
// played, in milliseconds: the sum of its parts. ok is false for an item that
// has none.
func (i Item) Gap() (ms int64, ok bool) {
	if i.Parts == nil {
		return 0, false
	}
	return i.Parts.Sum(), true
}

// Interruption is a talk-over: the caller spoke while the agent did.
type Interruption struct {
	Reply    int   // that was talked over
	StartMS  int64 // the caller's first sample
	ClearMS  int64 // the line was told to drop the rest
	SilentMS int64 // from StartMS until the agent was silent
	Unheard  int   // words of the reply that were not heard
	Words    int   // words of the reply
}

// ToolCall is what the agent asked a tool, and what came of it.
type ToolCall struct {
	Name, Arguments string
	Result          string
	Answered        bool // there is a result
	Failed          bool
	TookMS          int64
}

// Items are the items of a call, in the order in which they began.
func Items(entries []Entry) []Item {
	var s Script
	var items []Item
	for _, e := range entries {
		items = append(items, s.Add(e)...)
	}
	return append(items, s.Rest()...)
}

// Utterance is one line of a transcript: what one side said, in the order in
// which it began. Times are milliseconds since the call was answered.
type Utterance struct {
	Turn    int    `json:"turn"`
	Speaker string `json:"speaker"`         // caller, agent, tool
	Agent   string `json:"agent,omitempty"` // of an agent's and a tool's line, when another agent had the call before: its name
	Text    string `json:"text"`            // the agent's: what was heard of it
	Unheard string `json:"unheard,omitempty"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
	Cut     bool   `json:"cut,omitempty"`         // the agent was talked over
	Over    bool   `json:"talked_over,omitempty"` // the caller talked over the agent
	GapMS   int64  `json:"gap_ms,omitempty"`
	Parts   *Parts `json:"parts,omitempty"`
}

// Transcript is what was said in a call, as heard: the items that have words.
func Transcript(entries []Entry) []Utterance {
	var out []Utterance
	for _, i := range Items(entries) {
		u := Utterance{Turn: i.Turn, Speaker: i.Kind, Agent: i.Agent, Text: i.Text, StartMS: i.At, EndMS: i.End}
		switch i.Kind {
		case ItemCaller:
			u.Over = i.Talked
		case ItemKey:
			u.Speaker, u.Text, u.Over = ItemCaller, "["+i.Text+"]", i.Talk != nil
		case ItemTool:
			u.Text = i.Tool.Name + " " + i.Tool.Arguments
			if i.Tool.Answered {
				u.Text += " -> " + i.Tool.Result
			}
		case ItemAgent:
			if i.Text == "" && i.Unheard == "" {
				continue
			}
			u.Unheard, u.Cut, u.Parts = i.Unheard, i.Cut, i.Parts
			u.GapMS, _ = i.Gap()
		default:
			continue
		}
		out = append(out, u)
	}
	return out
}
