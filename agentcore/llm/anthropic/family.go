package anthropic

import (
	"regexp"
	"strconv"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/packages/param"
)

// The fields of a request that a model may refuse, as its errors name them:
// "`temperature` is deprecated for this model."
const (
	fieldTemperature = "temperature"
	fieldThinking    = "thinking"
	fieldEffort      = "effort"
)

var optionalFields = []string{fieldTemperature, fieldThinking, fieldEffort}

// family is a model's name and generation: "claude-sonnet-5-5" is a sonnet of
// 55, "claude-sonnet-4-20250514" one of 40. The zero family is a model that we
// know nothing of: what it refuses is left out.
type family struct {
	kind    string
	version int
}

var generation = regexp.MustCompile(`^claude-(haiku|sonnet|opus|fable|mythos)-(\d)(?:-(\d))?(?:-\d{8})?(?:@\d{8})?$`)

func familyOf(model string) family {
	found := generation.FindStringSubmatch(model)
	if found == nil {
		return family{}
	}
	major, _ := strconv.Atoi(found[2])
	minor, _ := strconv.Atoi(found[3]) // 0 when there is none
	return family{kind: found[1], version: 10*major + minor}
}

// mind is how a model is told to think.
type mind struct {
	thinking sdk.ThinkingConfigParamUnion
	effort   sdk.OutputConfigEffort
	room     int  // tokens to think with: they count towards max_tokens
	thinks   bool // or may; a temperature but 1 is refused then
}

// budgets are tokens to think with, by effort.
var budgets = map[string]int{"": 8192, "low": 2048, "medium": 4096, "high": 8192, "xhigh": 16384, "max": 32768}

// mindOf is what effort means to a family; midTurn says that the last message is
// a tool's result.
//
// From platform.claude.com/docs/en/build-with-claude/thinking, .../effort and
// .../thinking-troubleshooting: up to 4.5 thinking has a budget and is off by
// default; 4.6 to 4.8 decide for themselves once they are told to; from 5 on it
// is on by default. Haiku 5.5 and both of 5 can turn it off, Sonnet 5.5 only
// before the first tool, the others not at all.
func mindOf(f family, effort string, midTurn bool) mind {
	if effort == "minimal" {
		effort = "low"
	}
	switch {
	case f.version == 0: // a gateway's name, or one to come
		m := mind{room: budgets[effort], thinks: effort != "none"}
		if effort != "none" {
			m.effort = sdk.OutputConfigEffort(effort)
		}
		return m
	case f.version < 46:
		// A turn that was begun with thoughts must go on with them, and we keep
		// none: after a tool's result it goes on without.
		if effort == "" || effort == "none" || midTurn {
			return mind{}
		}
		return mind{thinking: sdk.ThinkingConfigParamOfEnabled(int64(budgets[effort])), room: budgets[effort], thinks: true}
	case f.version < 50:
		if effort == "" || effort == "none" {
			return mind{}
		}
		if f.version == 46 && effort == "xhigh" { // which is of 4.7
			effort = "high"
		}
		adaptive := sdk.ThinkingConfigParamUnion{OfAdaptive: &sdk.ThinkingConfigAdaptiveParam{}}
		return mind{thinking: adaptive, effort: sdk.OutputConfigEffort(effort), room: budgets[effort], thinks: true}
	case effort != "none":
		return mind{effort: sdk.OutputConfigEffort(effort), room: budgets[effort], thinks: true}
	case f.kind == "sonnet" && f.version >= 55:
		return mind{thinking: sdk.ThinkingConfigParamUnion{OfBetweenTools: &sdk.ThinkingConfigBetweenToolsParam{}}, room: budgets["low"], thinks: true}
	case f.kind == "haiku" || f.kind == "sonnet" || f.kind == "opus" && f.version == 50:
		off := sdk.NewThinkingConfigDisabledParam()
		return mind{thinking: sdk.ThinkingConfigParamUnion{OfDisabled: &off}}
	}
	return mind{effort: sdk.OutputConfigEffortLow, room: budgets["low"], thinks: true}
}

// tune puts into p how to think, how wild to be and how much to say.
func (m *Model) tune(p *sdk.MessageNewParams, midTurn bool) {
	mind := mindOf(m.family, m.client.ReasoningEffort, midTurn)
	p.MaxTokens = int64(m.client.MaxTokens + mind.room)
	if !m.client.Optional.Refused(fieldThinking) {
		p.Thinking = mind.thinking
	}
	if !m.client.Optional.Refused(fieldEffort) {
		p.OutputConfig.Effort = mind.effort
	}
	// platform.claude.com/docs/en/about-claude/models/migration-guide: from 4.7 on
	// any temperature but the default is refused.
	if t := m.client.Temperature; t != nil && m.family.version < 47 && p.Thinking.OfEnabled == nil && p.Thinking.OfAdaptive == nil && !m.client.Optional.Refused(fieldTemperature) {
		p.Temperature = param.NewOpt(min(*t, 1))
	}
}
