package script_test

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/llm/script"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestScriptIsAModel(t *testing.T) {
	llmtest.Run(t, func(t *testing.T, b llmtest.Behaviour) llm.Model {
		do := map[llmtest.Behaviour]string{
			llmtest.Talks:     `say: "` + llmtest.Words + `"`,
			llmtest.TalksOn:   `say: "` + strings.Repeat("word ", 150) + `"`,
			llmtest.CallsTool: `call: look`,
		}[b]
		if do == "" {
			return nil
		}
		s, err := script.Load([]byte(`
name: Test
greeting: Hello.
start: open
states: {open: {say: "Well?"}}
intents: {go: {words: [go], ` + do + `}}
tools: {look: {arguments: {what: sky}, done: {say: "Blue."}, failed: {say: "Dark."}}}
fallback: ["Sorry? {ask}"]
give_up: Goodbye.
`))
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
