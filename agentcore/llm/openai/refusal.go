package openai

import (
	"regexp"
	"strconv"
	"strings"
)

// The fields of a request that a server or a model may refuse. OpenAI names the
// one at fault in error.param, code unsupported_parameter or unsupported_value;
// others only in the text.
const (
	fieldTemperature = "temperature"
	fieldEffort      = "reasoning_effort"
	fieldUsage       = "stream_options"
	fieldMaxTokens   = "max_tokens"
	fieldMaxNew      = "max_completion_tokens"
)

var optionalFields = []string{fieldTemperature, fieldEffort, fieldUsage, fieldMaxTokens, fieldMaxNew}

// mostLearned is how many refusals one request may run into: each field once,
// the effort twice.
const mostLearned = 6

// reasoning is the effort to ask for; empty asks for none in particular. What is
// refused becomes "none", and if that is refused, too, nothing.
func (m *Model) reasoning(tools bool) (effort string, refused int32) {
	refused = m.effort.Load()
	switch {
	case refused >= 2:
		return "", refused
	case refused == 1 || tools && m.family.noThoughtWithTools():
		return "none", refused
	}
	return m.client.ReasoningEffort, refused
}

// family is a model's generation: "gpt-5.4-mini" is of 5.4. The zero family is
// any other model.
type family struct {
	major, minor int
	thinker      bool // it always reasons, and refuses a temperature
}

var generation = regexp.MustCompile(`^gpt-(\d)(?:\.(\d{1,2}))?(-|$)`)

// familyOf knows OpenAI's own names. A name that only looks like one is no
// trouble: what the server refuses is left out in any case.
func familyOf(model string) family {
	if strings.HasPrefix(model, "o1") || strings.HasPrefix(model, "o3") || strings.HasPrefix(model, "o4") {
		return family{thinker: true}
	}
	found := generation.FindStringSubmatch(model)
	if found == nil || strings.Contains(model, "-chat") { // those don't reason
		return family{}
	}
	f := family{}
	f.major, _ = strconv.Atoi(found[1])
	f.minor, _ = strconv.Atoi(found[2])
	f.thinker = f.major == 5 && f.minor == 0 // gpt-5, -mini and -nano know no "none"
	return f
}

// noThoughtWithTools: over chat completions these call functions only when
// reasoning_effort is "none", which is not the default of the newest
// (developers.openai.com/api/docs/models/gpt-6-luna says so of itself, and the
// server's own error of the others from 5.4 on).
func (f family) noThoughtWithTools() bool {
	return f.major == 5 && f.minor >= 4 || f.major > 5
}

// takesTemperature: models that reason take no temperature but 1
// (developers.openai.com/api/docs/guides/latest-model, parameter compatibility:
// only with effort "none"). "none" is what 5.1 to 5.5 do by themselves; from 5.6
// on it is "medium".
func (f family) takesTemperature(effort string) bool {
	switch {
	case f.thinker:
		return false
	case f.major == 5 && f.minor < 6:
		return effort == "" || effort == "none"
	case f.major >= 5:
		return effort == "none"
	}
	return true
}
