package show

import (
	"sort"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// What an [Item] is.
const (
	Answered = "answered" // the line was connected; Text is what hears, thinks and speaks
	Agent    = "agent"    // a reply that is over
	Caller   = "caller"   // a turn of the caller's, or a part of it
	Key      = "key"      // Text is the digit
	Noise    = "noise"    // the caller made a sound without words
	Tool     = "tool"
	Trouble  = "trouble" // a provider failed
	LineLost = "lost"
	Over     = "ended" // Text is the end reason
)

// Item is one thing of a call's transcript. Its texts have gone through
// [Clean]. Times are milliseconds since the call was answered.
type Item struct {
	Kind    string
	At, End int64
	Turn    int // the caller's turn that it is or answers; 0 for none
	Reply   int // set for Agent
	Text    string
	Unheard string               // of Agent: what was planned and not played
	Why     string               // of Agent: greeting, answer, prompt, apology, resume
	Cut     bool                 // of Agent
	Parts   *agentcore.Parts     // of Agent, when it answers a turn; its Sum is the gap
	Talked  bool                 // of Caller: began while the agent spoke
	Talk    *Talk                // of Caller, Key and Noise: what came of talking over
	Tool    *ToolCall            // of Tool
	Heard   agentcore.CallerSaid // of Caller: how the words were got
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

// Talk is a talk-over: the caller spoke while the agent did.
type Talk struct {
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

// Script turns the entries of one call into the items of its transcript, in the
// order in which they began. The zero Script is ready to use.
//
// An agent's reply becomes an item when it is over; what began after it is kept
// back until then. Nothing else waits.
type Script struct {
	// Silenced tells, if not nil, when the agent was silent after a talk-over,
	// as measured on the line, in milliseconds from the caller's first sample.
	// Otherwise the gateway's own clock does.
	Silenced func(agentcore.TalkOver) (ms int64, ok bool)

	speaking int // the reply that is planned and not yet over; 0 for none
	kept     []Item
	ends     map[int]int64                   // of replies that were cut
	tools    map[string]agentcore.ToolIntent // asked and not yet answered
	asked    map[string]int64                // when
	order    []string                        // keys of tools, oldest first
	talk     *agentcore.TalkOver             // whose words are still to come
	lost     *Item                           // how the line was lost, until we know whether that was a hang-up
}

// Add takes the next entry and returns the items that are now complete.
func (s *Script) Add(e agentcore.Entry) []Item {
	at := e.At.Milliseconds()
	switch ev := e.Event.(type) {
	case agentcore.Opened:
		s.speaking = 0 // what an earlier leg was saying is over
		s.lose()
		s.keep(Item{Kind: Answered, At: at, Turn: ev.Epoch, Text: Clean(ev.Pipeline)})
	case agentcore.Planned:
		s.speaking = max(s.speaking, ev.Reply)
	case agentcore.AgentSaid:
		s.agent(at, ev)
	case agentcore.CallerSaid:
		s.keep(Item{Kind: Caller, At: ev.StartMS, End: ev.EndMS, Turn: ev.Turn, Text: Clean(ev.Text),
			Talked: ev.TalkedOver, Talk: s.talked(), Heard: ev})
	case agentcore.CallerPressed:
		s.keep(Item{Kind: Key, At: at, End: at, Turn: ev.Turn, Text: Clean(ev.Digit), Talk: s.talked()})
	case agentcore.NotUnderstood:
		s.keep(Item{Kind: Noise, At: ev.StartMS, End: ev.EndMS, Talk: s.talked()})
	case agentcore.TalkOver:
		s.wordless()
		s.talk = &ev
	case agentcore.ToolIntent:
		s.ask(at, ev)
	case agentcore.ToolResult:
		s.answer(ev)
	case agentcore.ProviderError:
		s.keep(Item{Kind: Trouble, At: at, Why: Clean(ev.Part), Text: Clean(ev.Error), Cut: ev.Fatal})
	case agentcore.Lost:
		s.speaking = 0
		s.lost = &Item{Kind: LineLost, At: at, Text: Clean(ev.Cause)}
	case agentcore.Ended:
		s.over(at, ev.Reason)
	}
	if s.speaking > 0 {
		return nil
	}
	return s.release()
}

// Rest returns what is still kept back of a call whose journal stops without
// an end.
func (s *Script) Rest() []Item {
	s.speaking = 0
	s.lose()
	s.wordless()
	s.unanswered()
	return s.release()
}

// Items are the items of a whole call.
func Items(entries []agentcore.Entry) []Item {
	var s Script
	var items []Item
	for _, e := range entries {
		items = append(items, s.Add(e)...)
	}
	return append(items, s.Rest()...)
}

func (s *Script) keep(i Item) { s.kept = append(s.kept, i) }

func (s *Script) release() []Item {
	items := s.kept
	s.kept = nil
	sort.SliceStable(items, func(a, b int) bool { return items[a].At < items[b].At })
	return items
}

// lose keeps the loss of the line, if there was one.
func (s *Script) lose() {
	if s.lost != nil {
		s.keep(*s.lost)
		s.lost = nil
	}
}

func (s *Script) agent(at int64, ev agentcore.AgentSaid) {
	if ev.Reply >= s.speaking {
		s.speaking = 0
	}
	if ev.Cut {
		if s.ends == nil {
			s.ends = map[int]int64{}
		}
		s.ends[ev.Reply] = ev.EndMS
	}
	if s.talk != nil && s.talk.Reply != ev.Reply {
		s.wordless() // the agent goes on, and no words came
	}
	start, end := ev.StartMS, ev.EndMS
	if start == 0 && end == 0 { // cut before its first sample: it has no times of its own
		start, end = at, at
	}
	s.keep(Item{Kind: Agent, At: start, End: end, Turn: ev.Turn, Reply: ev.Reply,
		Text: Clean(ev.Text), Unheard: Clean(ev.Unheard), Why: Clean(ev.Why), Cut: ev.Cut, Parts: ev.Parts})
}

// talked takes the talk-over that waits for the caller's words.
func (s *Script) talked() *Talk {
	ev := s.talk
	if ev == nil {
		return nil
	}
	s.talk = nil
	t := &Talk{Reply: ev.Reply, StartMS: ev.StartMS, ClearMS: ev.ClearMS,
		Unheard: ev.AllWords - ev.HeardWords, Words: ev.AllWords}
	t.SilentMS = max(ev.ClearMS, s.ends[ev.Reply]) - ev.StartMS
	if s.Silenced != nil {
		if ms, ok := s.Silenced(*ev); ok {
			t.SilentMS = ms
		}
	}
	return t
}

// wordless shows a talk-over that no words followed.
func (s *Script) wordless() {
	if s.talk != nil {
		at := s.talk.StartMS
		s.keep(Item{Kind: Noise, At: at, End: at, Talk: s.talked()})
	}
}

func (s *Script) ask(at int64, ev agentcore.ToolIntent) {
	if s.tools == nil {
		s.tools, s.asked = map[string]agentcore.ToolIntent{}, map[string]int64{}
	}
	s.tools[ev.Key], s.asked[ev.Key] = ev, at
	s.order = append(s.order, ev.Key)
}

func (s *Script) answer(ev agentcore.ToolResult) {
	asked, ok := s.tools[ev.Key]
	if !ok {
		return // its intent is in no journal that we saw
	}
	at := s.asked[ev.Key]
	delete(s.tools, ev.Key)
	s.keep(Item{Kind: Tool, At: at, End: at + ev.TookMS, Turn: asked.Turn, Tool: &ToolCall{
		Name: Clean(asked.Name), Arguments: asked.Arguments, Result: Clean(ev.Text),
		Answered: true, Failed: ev.Failed, TookMS: ev.TookMS}})
}

// unanswered shows the tools that were asked and never answered.
func (s *Script) unanswered() {
	for _, key := range s.order {
		if asked, ok := s.tools[key]; ok {
			s.keep(Item{Kind: Tool, At: s.asked[key], End: s.asked[key], Turn: asked.Turn,
				Tool: &ToolCall{Name: Clean(asked.Name), Arguments: asked.Arguments}})
		}
	}
	s.tools, s.asked, s.order = nil, nil, nil
}

func (s *Script) over(at int64, why telephony.EndReason) {
	s.speaking = 0
	if why == telephony.CallerHangup {
		s.lost = nil // every hang-up begins with a stream that stops
	}
	s.lose()
	s.wordless()
	s.unanswered()
	s.keep(Item{Kind: Over, At: at, End: at, Text: Clean(string(why))})
}
