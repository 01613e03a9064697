package tracing

import (
	"net"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0" // the last version that has gen_ai.*: they live in a repository of their own since, without a release
)

// Names of spans. They are few: what differs from call to call is an attribute.
const (
	nameCall     = "call"
	nameLeg      = "leg"
	nameTurn     = "turn"
	nameReply    = "reply"
	nameTransfer = "transfer"
	nameTool     = "execute_tool" // with the tool's name behind it, as gen_ai has it
	nameWebhook  = "webhook"      // with its kind

	stageEndpoint  = "endpoint"
	stageRecognise = "recognise"
	stageTool      = "tool"
	stageModel     = "model"
	stageVoice     = "voice"
	stageLine      = "line"
)

// Names that OpenTelemetry has.
const (
	keyOperation    = semconv.GenAIOperationNameKey
	keyProvider     = semconv.GenAIProviderNameKey
	keyModel        = semconv.GenAIRequestModelKey
	keyInputTokens  = semconv.GenAIUsageInputTokensKey
	keyOutputTokens = semconv.GenAIUsageOutputTokensKey
	keyTool         = semconv.GenAIToolNameKey
	keyToolCall     = semconv.GenAIToolCallIDKey
	keyAgent        = semconv.GenAIAgentNameKey
	keyAgentID      = semconv.GenAIAgentIDKey
	keyConversation = semconv.GenAIConversationIDKey
	keyError        = semconv.ErrorTypeKey
	keyMethod       = semconv.HTTPRequestMethodKey
	keyStatus       = semconv.HTTPResponseStatusCodeKey
	keyResend       = semconv.HTTPRequestResendCountKey
	keyServer       = semconv.ServerAddressKey
)

// What is done in a span, in gen_ai's words.
var (
	invokesAgent = semconv.GenAIOperationNameInvokeAgent
	chats        = semconv.GenAIOperationNameChat
	executesTool = semconv.GenAIOperationNameExecuteTool
)

// Names that only we have.
const (
	keyCall       = attribute.Key("hookswitch.call.id")
	keyEpochs     = attribute.Key("hookswitch.call.epochs") // times that it had a leg, and one more for each resume
	keyEpoch      = attribute.Key("hookswitch.call.epoch")
	keyDirection  = attribute.Key("hookswitch.call.direction")
	keyEnd        = attribute.Key("hookswitch.call.end_reason")
	keyAnsweredBy = attribute.Key("hookswitch.call.answered_by")
	keyHears      = attribute.Key("hookswitch.recogniser") // provider and model
	keyThinks     = attribute.Key("hookswitch.model")
	keySpeaks     = attribute.Key("hookswitch.voice")
	keyTurn       = attribute.Key("hookswitch.turn.number")
	keyGap        = attribute.Key("hookswitch.turn.gap_ms") // from the caller's last word to the agent's first sample played
	keyWhy        = attribute.Key("hookswitch.reply.why")
	keyCut        = attribute.Key("hookswitch.reply.cut")
	keyHow        = attribute.Key("hookswitch.transfer.how")
	keyOutcome    = attribute.Key("hookswitch.outcome")
	keyKind       = attribute.Key("hookswitch.webhook.kind")
	keyDelivery   = attribute.Key("hookswitch.webhook.delivery")
	keyPart       = attribute.Key("hookswitch.part")
	keyFatal      = attribute.Key("hookswitch.fatal")
	keyTruncated  = attribute.Key("hookswitch.truncated") // there was more than is shown
)

// makers are what gen_ai calls providers, where that is not what we call them.
var makers = map[string]attribute.KeyValue{
	"openai":    semconv.GenAIProviderNameOpenAI,
	"anthropic": semconv.GenAIProviderNameAnthropic,
	"gemini":    semconv.GenAIProviderNameGCPGemini,
}

// maker is the provider of a model as gen_ai calls it.
func maker(name string) attribute.KeyValue {
	if kv, ok := makers[name]; ok {
		return kv
	}
	return keyProvider.String(label(name))
}

// other stands in for what could be anything.
const other = "other"

// word is s if it is a name such as we, or an operator, give: none that a caller's
// words or number could pass for. A model may ask for a tool by any name.
func word(s string) string {
	digits := 0
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_', r == '-', r == '.':
		default:
			return other
		}
	}
	if s == "" || len(s) > 64 || digits > 6 {
		return other
	}
	return s
}

// label is what an operator wrote, bounded.
func label(s string) string {
	const most = 128
	s = strings.ToValidUTF8(s, "\uFFFD")
	for len(s) > most {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// host is the host of HOST:PORT, which may lack the port.
func host(address string) string {
	if h, _, err := net.SplitHostPort(address); err == nil {
		return label(h)
	}
	return label(address)
}
