package gemini

import (
	"strings"

	"google.golang.org/genai"
)

// family is how a model is told how much to think.
type family int

const (
	not      family = iota // it doesn't, or nobody knows
	byBudget               // in tokens: 2.5
	byLevel                // 3 and later, which refuse a budget beside a level
)

func familyOf(model string) family {
	version, ok := strings.CutPrefix(strings.TrimPrefix(model, "models/"), "gemini-")
	switch {
	case !ok, strings.HasPrefix(version, "1."), strings.HasPrefix(version, "2.0"), strings.HasPrefix(version, "exp"):
		return not
	case strings.HasPrefix(version, "2."):
		return byBudget
	}
	return byLevel // "flash-latest" is one of these, too
}

// minimal are the models that have the level "minimal"; all others refuse it.
// From docs.cloud.google.com/gemini-enterprise-agent-platform/models/thinking.
var minimal = []string{"gemini-3-flash", "gemini-3.1-flash-lite", "gemini-3.5-flash", "gemini-3.6-flash"}

// budgets are tokens for each effort, the same that Google takes for OpenAI's
// efforts (ai.google.dev/gemini-api/docs/openai).
var budgets = map[string]int32{"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}

// leastOfPro is how little 2.5 Pro thinks at least: it can't be told not to
// (ai.google.dev/gemini-api/docs/thinking).
const leastOfPro = 128

// thinking is what model is told of effort; nil leaves it to the server.
func thinking(model, effort string) *genai.ThinkingConfig {
	if effort == "" {
		return nil
	}
	name := strings.TrimPrefix(model, "models/")
	switch familyOf(model) {
	case byBudget:
		budget := budgets[effort]
		if strings.HasPrefix(name, "gemini-2.5-pro") {
			budget = max(budget, leastOfPro)
		}
		return &genai.ThinkingConfig{ThinkingBudget: &budget}
	case byLevel:
		return &genai.ThinkingConfig{ThinkingLevel: level(name, effort)}
	}
	return nil
}

func level(name, effort string) genai.ThinkingLevel {
	switch effort {
	case "none", "minimal":
		for _, m := range minimal {
			if strings.HasPrefix(name, m) {
				return genai.ThinkingLevelMinimal
			}
		}
		return genai.ThinkingLevelLow
	case "low":
		return genai.ThinkingLevelLow
	case "medium":
		return genai.ThinkingLevelMedium
	}
	return genai.ThinkingLevelHigh
}
