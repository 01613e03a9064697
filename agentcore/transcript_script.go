package agentcore

import (
	"sort"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/telephony"
)

// Script turns the entries of one call into the items of its transcript, in the
// order in which they began. The zero Script is ready to use.
//
// An agent's reply becomes an item when it is over; what began after it is kept
// back until then. Nothing else waits.
type Script struct {
	// Silenced tells, if not nil, when the agent was silent after a talk-over,
	// as measured on the line, in milliseconds from the caller's first sample.
	// Otherwise the gateway's own clock does.
	Silenced func(TalkOver) (ms int64, ok bool)

	speaking int // the reply that is planned and not yet over; 0 for none
	kept     []Item
	ends     map[int]int64         // of replies that were cut
	tools    map[string]ToolIntent // asked and not yet answered
	asked    map[string]int64      // when
	order    []string              // keys of tools, oldest first
	talk     *TalkOver             // whose words are still to come
	lost     *Item                 // how the line was lost, until we know whether that was a hang-up
	turn     int                   // of the caller's, the newest
	open     *unsaid               // the reply that is being said
	holder   string                // name of who took the floor
	beeped   int64                 // when the newest beep was over; 0 for none
}

// Add takes the next entry and returns the items that are now complete.
func (s *Script) Add(e Entry) []Item {
	at := e.At.Milliseconds()
	switch ev := e.Event.(type) {
	case Opened:
		s.speaking = 0 // what an earlier leg was saying is over
		s.breakOff()
		s.lose()
		s.keep(Item{Kind: ItemAnswered, At: at, Turn: ev.Epoch, Text: ev.Pipeline})
	case Planned:
		s.speaking = max(s.speaking, ev.Reply)
		s.plan(at, ev)
	case Heard:
		s.open.hear(at, ev)
	case AgentSaid:
		s.agent(at, ev)
	case CallerSaid:
		s.turn = ev.Turn
		s.keep(Item{Kind: ItemCaller, At: ev.StartMS, End: ev.EndMS, Turn: ev.Turn, Text: ev.Text,
			Talked: ev.TalkedOver, Talk: s.talked(), Heard: ev})
	case CallerPressed:
		if ev.Slot != "" {
			break // a part of what is Collected
		}
		s.turn = ev.Turn
		s.keep(Item{Kind: ItemKey, At: at, End: at, Turn: ev.Turn, Text: ev.Digit, Talk: s.talked()})
	case Collected:
		s.keyed(ev)
	case NotUnderstood:
		s.keep(Item{Kind: ItemNoise, At: ev.StartMS, End: ev.EndMS, Talk: s.talked()})
	case TalkOver:
		s.wordless()
		s.talk = &ev
	case ToolIntent:
		s.ask(at, ev)
	case ToolResult:
		s.answer(ev)
	case TransferBegan:
		s.keep(Item{Kind: ItemTransfer, At: at, End: at, Turn: s.turn, Text: ev.line()})
	case TransferOver:
		s.keep(Item{Kind: ItemTransfer, At: at, End: at, Turn: s.turn, Text: ev.line()})
	case FloorTaken:
		s.taken(at, ev)
	case WhoAnswered:
		s.beeped = max(s.beeped, beepOver(ev.Verdict))
		s.keep(Item{Kind: ItemWho, At: at, End: at, Text: string(ev.Class), Who: &ev.Verdict})
	case MessageBegan:
		s.keep(Item{Kind: ItemMessage, At: at, End: at, Reply: ev.Reply})
	case ProviderError:
		s.keep(Item{Kind: ItemTrouble, At: at, Why: ev.Part, Text: ev.trouble(), Cut: ev.Fatal})
	case Lost:
		s.speaking = 0
		s.lost = &Item{Kind: ItemLost, At: at, Text: ev.Cause}
	case Ended:
		s.over(at, ev.Reason)
	case ContactWrote:
		s.turn = ev.Turn
		s.keep(Item{Kind: ItemCaller, At: at, End: at, Turn: ev.Turn, Text: ev.Text})
	case AgentWrote:
		s.keep(Item{Kind: ItemAgent, At: at, End: at, Turn: ev.Turn, Text: ev.Text, Why: ev.Why})
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

func (s *Script) keep(i Item) {
	if i.Kind == ItemAgent || i.Kind == ItemTool {
		i.Agent = s.holder
	}
	s.kept = append(s.kept, i)
}

// taken is the floor's going to another: what the one before was saying is over,
// and so are the tools that it waited for.
func (s *Script) taken(at int64, ev FloorTaken) {
	s.speaking = 0
	s.breakOff()
	s.wordless()
	s.unanswered()
	s.keep(Item{Kind: ItemTransfer, At: at, End: at, Turn: s.turn, Text: ev.line()})
	s.holder = ev.Agent
}

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

func (s *Script) agent(at int64, ev AgentSaid) {
	if s.open != nil && ev.Reply >= s.open.Reply {
		s.open = nil
	}
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
	i := Item{Kind: ItemAgent, At: start, End: end, Turn: ev.Turn, Reply: ev.Reply,
		Text: ev.Text, Unheard: ev.Unheard, Why: ev.Why, Cut: ev.Cut, Parts: ev.Parts}
	if ev.Why == "message" {
		i.Beeped = s.beeped
	}
	s.keep(i)
}

// beepOver is when the last beep was over that v rests on, in milliseconds since
// answer; 0 for none.
func beepOver(v answer.Verdict) (ms int64) {
	for _, e := range v.Evidence {
		if e.Kind == "tone" && e.For == answer.Beeped {
			ms = max(ms, e.EndedMS)
		}
	}
	return ms
}

// talked takes the talk-over that waits for the caller's words.
func (s *Script) talked() *Interruption {
	ev := s.talk
	if ev == nil {
		return nil
	}
	s.talk = nil
	t := &Interruption{Reply: ev.Reply, StartMS: ev.StartMS, ClearMS: ev.ClearMS,
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
		s.keep(Item{Kind: ItemNoise, At: at, End: at, Talk: s.talked()})
	}
}

func (s *Script) ask(at int64, ev ToolIntent) {
	if s.tools == nil {
		s.tools, s.asked = map[string]ToolIntent{}, map[string]int64{}
	}
	s.tools[ev.Key], s.asked[ev.Key] = ev, at
	s.order = append(s.order, ev.Key)
}

func (s *Script) answer(ev ToolResult) {
	asked, ok := s.tools[ev.Key]
	if !ok {
		return // its intent is in no journal that we saw
	}
	at := s.asked[ev.Key]
	delete(s.tools, ev.Key)
	s.keep(Item{Kind: ItemTool, At: at, End: at + ev.TookMS, Turn: asked.Turn, Tool: &ToolCall{
		Name: asked.Name, Arguments: asked.Arguments, Result: ev.Text,
		Answered: true, Failed: ev.Failed, TookMS: ev.TookMS}})
}

// unanswered shows the tools that were asked and never answered.
func (s *Script) unanswered() {
	for _, key := range s.order {
		if asked, ok := s.tools[key]; ok {
			s.keep(Item{Kind: ItemTool, At: s.asked[key], End: s.asked[key], Turn: asked.Turn,
				Tool: &ToolCall{Name: asked.Name, Arguments: asked.Arguments}})
		}
	}
	s.tools, s.asked, s.order = nil, nil, nil
}

func (s *Script) over(at int64, why telephony.EndReason) {
	s.speaking = 0
	s.breakOff()
	if why == telephony.CallerHangup {
		s.lost = nil // every hang-up begins with a stream that stops
	}
	s.lose()
	s.wordless()
	s.unanswered()
	s.keep(Item{Kind: ItemEnded, At: at, End: at, Text: string(why)})
}
