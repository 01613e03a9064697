package digits

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// playable are keys that may be pressed at once; w waits for half a second.
const playable = `^[0-9*#A-Dw]{1,32}$`

// Play makes play_dtmf of an agent's settings. The conversation plays the tones:
// behind what is being said, and without the caller being able to cut them.
func Play(settings roster.SystemTool) (tools.Tool, error) {
	var in struct {
		Sensitive bool `json:"sensitive"`
	}
	if len(settings.Parameters) > 0 {
		if err := json.Unmarshal(settings.Parameters, &in); err != nil {
			return nil, fmt.Errorf("digits: parameters: %w", err)
		}
	}
	parameters, err := json.Marshal(map[string]any{
		"type": "object", "required": []string{"digits"}, "additionalProperties": false,
		"properties": map[string]any{"digits": map[string]any{
			"type": "string", "pattern": playable,
			"description": "the keys in order: 0 to 9, *, #, A to D; w waits for half a second. At most 32",
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("digits: %w", err)
	}
	spec := llm.Tool{
		Name: roster.PlayDTMF,
		Description: "Press keys of the telephone for whoever is on the line, such as a menu that asks for them. " +
			"The answer comes once they were heard.",
		Parameters: parameters,
	}
	tool, err := tools.Func(spec, tools.Traits{Hold: true, SpeakFirst: settings.ForcePreToolSpeech}, press)
	if err != nil || !in.Sensitive {
		return tool, err
	}
	return discreet{tool}, nil
}

func press(_ context.Context, in tools.Invocation) (tools.Result, error) {
	var want struct {
		Digits string `json:"digits"`
	}
	if err := json.Unmarshal(in.Arguments, &want); err != nil {
		return tools.Result{}, errors.New("the arguments can't be read")
	}
	return tools.Result{Text: `{"ok":true,"pressed":true}`, Press: want.Digits}, nil
}

// discreet is play_dtmf whose keys are nobody's business.
type discreet struct{ tools.Tool }

var keys = regexp.MustCompile(playable)

// Shown implements [tools.Discreet].
func (discreet) Shown(args json.RawMessage) json.RawMessage {
	var want struct {
		Digits string `json:"digits"`
	}
	if json.Unmarshal(args, &want) != nil || !keys.MatchString(want.Digits) {
		return json.RawMessage(`{"digits":"****"}`) // they are refused, and may be secret all the same
	}
	shown, err := json.Marshal(map[string]string{"digits": strings.Repeat("*", len(want.Digits))})
	if err != nil { // a map of strings is always JSON
		return json.RawMessage(`{}`)
	}
	return shown
}
