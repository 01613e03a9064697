package gemini_test

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/gemini"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

// theWords is the suite's reply.
func theWords() play { return words(strings.SplitAfter(llmtest.Words, " ")...) }

// onAndOn says words until nobody listens.
func onAndOn(c *conn) {
	c.Stream()
	for range 150 {
		c.say("word ")
	}
	c.Stall()
}

func TestGeminiIsAModel(t *testing.T) {
	llmtest.Run(t, func(t *testing.T, b llmtest.Behaviour) llm.Model {
		p := map[llmtest.Behaviour]play{
			llmtest.Talks:   theWords(),
			llmtest.Counts:  theWords(),
			llmtest.TalksOn: onAndOn,
			llmtest.CallsTool: func(c *conn) {
				c.Stream()
				c.say("Let me see. ")
				c.parts(`{"functionCall": {"name": "look","args": {"what": "sky"},"id": "a1"},"thoughtSignature": "c2ln"}`)
				c.finish("STOP")
			},
			llmtest.CallsTwo: func(c *conn) { // without ids, as models before Gemini 3 do
				c.Stream()
				c.parts(`{"functionCall": {"name": "look","args": {"what": "sky"}}},{"functionCall": {"name": "look","args": {"what": "sea"}}}`)
				c.finish("STOP")
			},
			llmtest.Fails: status(400, "INVALID_ARGUMENT", ""),
		}[b]
		m, _ := serve(t, nil, p)
		return m
	})
}

// fault is how Google fails (ai.google.dev/gemini-api/docs/troubleshooting); nil
// leaves it to the wire.
func fault(f providertest.Fault) play {
	return map[providertest.Fault]play{
		providertest.WrongKey:    status(400, "INVALID_ARGUMENT", badKey),
		providertest.NoMoney:     status(402, "RESOURCE_EXHAUSTED", ""),
		providertest.RateLimited: status(429, "RESOURCE_EXHAUSTED", retryIn7),
		providertest.BadRequest:  status(400, "INVALID_ARGUMENT", ""),
		providertest.Broken:      status(503, "UNAVAILABLE", ""),
		providertest.StallsIn:    func(c *conn) { c.Stream(); c.say("One "); c.Raw(`data: {"candi`); c.Stall() },
		providertest.Closes:      func(c *conn) { c.Stream(); c.say("One ", "two ") },
		providertest.SaysError: func(c *conn) {
			c.Stream()
			c.say("One ")
			c.Raw("data: " + failure(503, "UNAVAILABLE", "") + "\r\n\r\n")
		},
		providertest.TalksRot: func(c *conn) { c.Stream(); c.say("One "); c.Raw("data: " + llmtest.Key + " {{{\n\n") },
		providertest.TooLarge: func(c *conn) { c.Stream(); c.say("One "); c.Raw("data: " + strings.Repeat("x", 1<<20+100) + "\n\n") },
		providertest.Fast: func(c *conn) {
			c.W.Header().Set("Content-Type", "text/event-stream")
			all := ""
			for word := range strings.SplitAfterSeq(llmtest.Words, " ") {
				all += event(text(word), "")
			}
			c.Raw(all + last("STOP"))
		},
	}[f]
}

func TestEveryFaultIsTold(t *testing.T) {
	llmtest.Faults(t, func(t *testing.T, f providertest.Fault) llm.Model {
		p, wire := fault(f), &providertest.Wire{Fault: providertest.None, After: 500}
		if p == nil {
			p, wire.Fault = theWords(), f
		}
		return llmtest.Wired(t, f, wire, func(change func(*gemini.Config)) llmtest.ClosingModel {
			m, _ := serve(t, change, p)
			return m
		})
	})
}

func lettingGo(t testing.TB) (llm.Model, <-chan struct{}) {
	gone := make(chan struct{})
	m, _ := serve(t, nil, func(c *conn) { defer close(gone); onAndOn(c) })
	return m, gone
}

func TestTheStreamIsReallyClosed(t *testing.T) { llmtest.LetsGo(t, lettingGo) }

func BenchmarkLetGo(b *testing.B) { llmtest.BenchmarkLetGo(b, lettingGo) }
