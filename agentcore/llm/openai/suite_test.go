package openai_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/llm/openai"
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

func TestOpenAIIsAModel(t *testing.T) {
	llmtest.Run(t, func(t *testing.T, b llmtest.Behaviour) llm.Model {
		p := map[llmtest.Behaviour]play{
			llmtest.Talks:   theWords(),
			llmtest.Counts:  theWords(),
			llmtest.TalksOn: onAndOn,
			llmtest.CallsTool: func(c *conn) {
				c.Stream()
				c.say("Let me see. ")
				c.delta(`{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"look","arguments":""}}]}`)
				c.delta(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"wh"}}]}`)
				c.delta(`{"tool_calls":[{"index":0,"function":{"arguments":"at\":\"sky\"}"}}]}`)
				c.finish("tool_calls")
				c.done()
			},
			llmtest.CallsTwo: func(c *conn) {
				c.Stream()
				c.delta(`{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"look","arguments":"{\"what\":"}}]}`)
				c.delta(`{"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"look","arguments":"{\"what\":\"sea\"}"}}]}`)
				c.delta(`{"tool_calls":[{"index":0,"function":{"arguments":"\"sky\"}"}}]}`)
				c.finish("tool_calls")
				c.done()
			},
			llmtest.Fails: status(http.StatusBadRequest, "invalid_request_error"),
		}[b]
		m, _ := serve(t, nil, p)
		return m
	})
}

// fault is how OpenAI fails (developers.openai.com/api/docs/guides/error-codes);
// nil leaves it to the wire.
func fault(f providertest.Fault) play {
	return map[providertest.Fault]play{
		providertest.WrongKey:    status(401, "invalid_request_error"),
		providertest.NoMoney:     status(429, "insufficient_quota"),
		providertest.RateLimited: status(429, "rate_limit_exceeded", "Retry-After", "7"),
		providertest.BadRequest:  status(400, "invalid_request_error"),
		providertest.Broken:      status(503, "service_unavailable_error"),
		providertest.StallsIn:    func(c *conn) { c.Stream(); c.say("One "); c.Raw(`data: {"choices":[{"ind`); c.Stall() },
		providertest.Closes:      func(c *conn) { c.Stream(); c.say("One ", "two ") },
		providertest.SaysError: func(c *conn) {
			c.Stream()
			c.say("One ")
			c.Raw(`data: {"error":{"message":"` + llmtest.Key + " " + llmtest.Private + `","type":"server_error","param":null,"code":null}}` + "\n\n")
		},
		providertest.TalksRot: func(c *conn) { c.Stream(); c.say("One "); c.Raw("data: " + llmtest.Key + " {{{\n\n") },
		providertest.TooLarge: func(c *conn) { c.Stream(); c.say("One "); c.Raw("data: " + strings.Repeat("x", 1<<20+100) + "\n\n") },
		providertest.Fast: func(c *conn) {
			c.W.Header().Set("Content-Type", "text/event-stream")
			for word := range strings.SplitAfterSeq(llmtest.Words, " ") {
				fmt.Fprintf(c.W, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", word)
			}
			fmt.Fprint(c.W, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
		},
	}[f]
}

func TestEveryFaultIsTold(t *testing.T) {
	llmtest.Faults(t, func(t *testing.T, f providertest.Fault) llm.Model {
		p, wire := fault(f), &providertest.Wire{Fault: providertest.None, After: 900}
		if p == nil {
			p, wire.Fault = theWords(), f
		}
		return llmtest.Wired(t, f, wire, func(change func(*openai.Config)) llmtest.ClosingModel {
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
