package anthropic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/anthropic"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

// theWords is the suite's reply.
func theWords() play { return words(strings.SplitAfter(llmtest.Words, " ")...) }

// one begins the suite's reply with its first word.
func one(c *conn) {
	c.stream()
	c.block(0, `{"type":"text","text":""}`)
	c.say(0, "One ")
}

// onAndOn says words until nobody listens.
func onAndOn(c *conn) {
	one(c)
	for range 150 {
		c.say(0, "word ")
	}
	c.Stall()
}

func TestAnthropicIsAModel(t *testing.T) {
	llmtest.Run(t, func(t *testing.T, b llmtest.Behaviour) llm.Model {
		p := map[llmtest.Behaviour]play{
			llmtest.Talks:   theWords(),
			llmtest.Counts:  theWords(),
			llmtest.TalksOn: onAndOn,
			llmtest.CallsTool: func(c *conn) {
				c.stream()
				c.text(0, "Let me see.")
				c.call(1, "toolu_a", "", `{"wh`, `at":"sky"}`)
				c.finish("tool_use")
			},
			llmtest.CallsTwo: func(c *conn) {
				c.stream()
				c.call(0, "toolu_a", `{"what":`, `"sky"}`)
				c.call(1, "toolu_b", `{"what":"sea"}`)
				c.finish("tool_use")
			},
			llmtest.Fails: status(400, "invalid_request_error"),
		}[b]
		m, _ := serve(t, nil, p)
		return m
	})
}

// fault is how Anthropic fails (platform.claude.com/docs/en/api/errors); nil
// leaves it to the wire.
func fault(f providertest.Fault) play {
	return map[providertest.Fault]play{
		providertest.WrongKey:    status(401, "authentication_error"),
		providertest.NoMoney:     status(402, "billing_error"),
		providertest.RateLimited: status(429, "rate_limit_error", "Retry-After", "7"),
		providertest.BadRequest:  status(400, "invalid_request_error"),
		providertest.Broken:      status(529, "overloaded_error"),
		providertest.StallsIn:    func(c *conn) { one(c); c.Raw("event: content_block_delta\ndata: {\"typ"); c.Stall() },
		providertest.Closes:      func(c *conn) { one(c); c.say(0, "two ") },
		providertest.SaysError: func(c *conn) {
			one(c)
			c.event("error", `"error":{"type":"overloaded_error","message":"`+llmtest.Key+" "+llmtest.Private+`"}`)
		},
		providertest.TalksRot: func(c *conn) { one(c); c.Raw("event: content_block_delta\ndata: " + llmtest.Key + " {{{\n\n") },
		providertest.TooLarge: func(c *conn) {
			one(c)
			c.Raw("event: content_block_delta\ndata: " + strings.Repeat("x", 1<<20+100) + "\n\n")
		},
		providertest.Fast: func(c *conn) {
			c.W.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(c.W, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n")
			for word := range strings.SplitAfterSeq(llmtest.Words, " ") {
				fmt.Fprintf(c.W, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":%q}}\n\n", word)
			}
			fmt.Fprint(c.W, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
		},
	}[f]
}

func TestEveryFaultIsTold(t *testing.T) {
	llmtest.Faults(t, func(t *testing.T, f providertest.Fault) llm.Model {
		p, wire := fault(f), &providertest.Wire{Fault: providertest.None, After: 900}
		if p == nil {
			p, wire.Fault = theWords(), f
		}
		return llmtest.Wired(t, f, wire, func(change func(*anthropic.Config)) llmtest.ClosingModel {
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
