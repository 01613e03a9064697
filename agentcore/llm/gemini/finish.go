package gemini

import (
	"errors"
	"regexp"

	"google.golang.org/genai"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// finish takes the reason why the model stopped, empty while it goes on. The
// reasons are those of ai.google.dev/api/generate-content, FinishReason.
func (a *answer) finish(reason genai.FinishReason) error {
	switch reason {
	case "", genai.FinishReasonUnspecified:
		return nil
	case genai.FinishReasonStop, genai.FinishReasonMaxTokens, genai.FinishReasonContinuation:
		a.finished = true
		return nil
	case genai.FinishReasonSafety, genai.FinishReasonRecitation, genai.FinishReasonLanguage, genai.FinishReasonBlocklist,
		genai.FinishReasonProhibitedContent, genai.FinishReasonSPII, "MISSING_THOUGHT_SIGNATURE":
		return a.blocked(string(reason))
	}
	// A malformed tool call, too many of them, images, and what is new: another
	// try may do.
	return a.garbage("the model stopped" + because(string(reason)))
}

// blocked is a reply that Google keeps back, or a request that it doesn't answer.
func (a *answer) blocked(reason string) error {
	return a.Fail(provider.Refused, errors.New("the reply is blocked"+because(reason)))
}

// reasonRule is what a reason looks like that holds no words of the call.
var reasonRule = regexp.MustCompile(`^[A-Z][A-Z_]{0,39}$`)

func because(reason string) string {
	if !reasonRule.MatchString(reason) {
		return ""
	}
	return ": " + reason
}
