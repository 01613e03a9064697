package agentcore_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
)

// numbers is an observer that keeps what it is told.
type numbers struct {
	agentcore.Observer

	mu                         sync.Mutex
	gaps                       []time.Duration // of turns: the sum of their parts
	talkedOver, undone, cutIns int
	tools                      map[string]int
	lumps                      []lump
	guessed                    int // turns of the journal that no mark told of, once it is checked
}

type lump struct{ late, lead time.Duration }

func newNumbers() *numbers { return &numbers{Observer: agentcore.Nobody, tools: map[string]int{}} }

func (n *numbers) TurnTook(endpoint, recognise, tool, model, voice, line time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gaps = append(n.gaps, endpoint+recognise+tool+model+voice+line)
}

func (n *numbers) TalkedOver(time.Duration) { n.count(&n.talkedOver) }
func (n *numbers) TalkOverUndone()          { n.count(&n.undone) }
func (n *numbers) CutIn()                   { n.count(&n.cutIns) }

func (n *numbers) count(what *int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	*what++
}

func (n *numbers) ToolTook(tool string, failed bool, _ time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if failed {
		tool += " failed"
	}
	n.tools[tool]++
}

func (n *numbers) Paced(late, lead time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lumps = append(n.lumps, lump{late, lead})
}

// check compares what was told of turns with the journal: the parts of each turn
// sum to its gap, and a turn whose first sample no mark told of is not told.
func (n *numbers) check(t *testing.T, entries []agentcore.Entry) {
	t.Helper()
	var want []time.Duration
	for _, e := range entries {
		said, ok := e.Event.(agentcore.AgentSaid)
		if !ok || said.Parts == nil {
			continue
		}
		if said.Parts.Sum() != said.GapMS {
			t.Errorf("entry %d: parts %+v sum to %d, gap is %d", e.N, *said.Parts, said.Parts.Sum(), said.GapMS)
		}
		if said.Guessed {
			n.guessed++
		} else {
			want = append(want, time.Duration(said.GapMS)*time.Millisecond)
		}
	}
	if len(n.gaps) != len(want) {
		t.Fatalf("%d turns were told, the journal has %d whose first sample a mark told of", len(n.gaps), len(want))
	}
	for i := range want {
		if n.gaps[i] != want[i] {
			t.Errorf("turn %d: the parts that were told sum to %v, the gap is %v", i, n.gaps[i], want[i])
		}
	}
}

// Who spoke over whom, and which tools were used, in conversations that the
// goldens show.
func TestNumbersOfAConversation(t *testing.T) {
	for _, c := range []struct {
		call                       string
		talkedOver, undone, cutIns int
		tools                      map[string]int
	}{
		{"talk_over", 1, 0, 0, map[string]int{"end_call": 1}},
		{"greeting_cut", 1, 0, 0, map[string]int{"end_call": 1}},
		{"noise_in_answer", 1, 1, 0, map[string]int{"end_call": 1}},
		{"noise_in_long_answer", 1, 1, 0, map[string]int{"end_call": 1}}, // it is thought of anew
		{"noise_twice", 2, 2, 0, map[string]int{"end_call": 1}},
		{"lost_mid_reply", 0, 0, 0, nil}, // the rest is said, and nobody had spoken
		{"talk_over_thinking", 0, 0, 0, map[string]int{"end_call": 1}},
		{"cut_in", 0, 0, 1, map[string]int{"own": 1, "end_call": 1}},
		{"tool_held", 0, 0, 0, map[string]int{"own": 1, "end_call": 1}}, // the caller spoke in the middle of it
		{"tool_fails", 0, 0, 0, map[string]int{"book failed": 1, "end_call": 1}},
		{"keys_played", 0, 0, 0, map[string]int{"play_dtmf": 1, "end_call": 1}},
	} {
		t.Run(c.call, func(t *testing.T) {
			whole, err := os.ReadFile("testdata/" + c.call + ".call")
			if err != nil {
				t.Fatal(err)
			}
			script, _, _ := strings.Cut(string(whole), "---\n")
			s, err := parseScript(script)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { s.play(t) })
			n := s.numbers
			if n.talkedOver != c.talkedOver || n.undone != c.undone || n.cutIns != c.cutIns {
				t.Errorf("talked over %d, undone %d, cut in %d times, want %d, %d, %d", n.talkedOver, n.undone, n.cutIns, c.talkedOver, c.undone, c.cutIns)
			}
			if !maps.Equal(n.tools, c.tools) {
				t.Errorf("tools %v, want %v", n.tools, c.tools)
			}
		})
	}
}

// The parts of a turn sum to its gap however the caller, the providers and the
// line behave, and whether marks come back or not.
func TestPartsSumInAnyConversation(t *testing.T) {
	turns, guessed := 0, 0
	for seed := range uint64(60) {
		s := randomScript(t, rand.New(rand.NewPCG(seed, 9)))
		synctest.Test(t, func(t *testing.T) { s.play(t) }) // checks it
		turns += len(s.numbers.gaps)
		guessed += s.numbers.guessed
	}
	if turns < 100 || guessed < 10 {
		t.Errorf("only %d turns, and %d without a mark: not worth the name of a test", turns, guessed)
	}
}

// randomScript is a caller who asks three times, at any time and for any while,
// over a line and with providers that are slow now and then.
func randomScript(t *testing.T, r *rand.Rand) *script {
	t.Helper()
	ms := func(from, to int) string { return fmt.Sprintf("%dms", from+r.IntN(to-from)) }
	text := "greeting Hello.\nanswer hours -> We are open from eight to five. Is there anything else?\nanswer bye -> Goodbye. !end_call\n"
	if r.IntN(4) == 0 {
		text += "forget\n"
	}
	at := 0
	for _, words := range []string{"your hours", "the hours again", "bye"} {
		at += 1500 + r.IntN(5000)
		long := 300 + r.IntN(1500)
		text += fmt.Sprintf("caller %dms %dms %s\n", at, long, words)
		at += long
	}
	for _, op := range []string{"llm.chat", "tts.speak", "asr.decode"} {
		if r.IntN(2) == 0 {
			text += fmt.Sprintf("fault %s %d ok %s\n", op, 1+r.IntN(3), ms(1, 1500))
		}
	}
	if r.IntN(3) == 0 {
		text += fmt.Sprintf("stall %dms %s\n", r.IntN(at), ms(50, 900))
	}
	s, err := parseScript(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return s
}

// What is sent is told once a lump: on time in virtual time, and as far ahead of
// the clock as it is set, but for the last lump of a reply, which may be short.
func TestPacingIsToldOnceALump(t *testing.T) {
	s, err := parseScript("greeting We are open from eight to five on weekdays and until noon on Saturdays.\nover 9s\n")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { s.play(t) })
	all := s.numbers.lumps
	const lead, frame = 200 * time.Millisecond, 20 * time.Millisecond
	if len(all) < 60 {
		t.Fatalf("%d lumps of a reply of some 5 s, want one for each 60 ms", len(all))
	}
	for i, l := range all {
		if l.late != 0 {
			t.Errorf("lump %d is %v late in virtual time", i, l.late)
		}
		if i < len(all)-1 && (l.lead > lead || l.lead < lead-frame) {
			t.Errorf("lump %d leaves the line %v ahead, want %v", i, l.lead, lead)
		}
	}
}
