package roster

import (
	"context"
	"fmt"
	"strings"
)

// Unfit tells what keeps a from taking a call now, in the words of the API: a
// part that is missing, or one that this gateway can't use and that has no
// fallback that it can. nil: nothing does.
func Unfit(ctx context.Context, c Catalog, a Agent) ([]string, error) {
	if keyed, ok := c.(KeyedCatalog); ok && len(a.Keys) > 0 {
		c = keyed.With(a.Keys)
	}
	why := Missing(a.Definition)
	if all := a.ASR.Choices(); all != nil {
		why = append(why, unusable("ASR", c.ASR(ctx, a.Workspace), all)...)
	}
	if all := a.LLM.Choices(); all != nil {
		why = append(why, unusable("LLM", c.LLM(ctx, a.Workspace), all)...)
	}
	if a.VoiceUUID == "" {
		return why, nil
	}
	voices, err := c.Voices(ctx, a.Workspace)
	if err != nil {
		return nil, fmt.Errorf("roster: voices: %w", err)
	}
	for _, uuid := range a.VoiceUUIDs() {
		if _, ok := voices.Find(uuid); ok {
			return why, nil
		}
	}
	reason := "it is not in the list of voices"
	if len(voices.Partial) > 0 {
		reason += ", and those of " + strings.Join(voices.Partial, ", ") + " can't be looked through now"
	}
	return append(why, fmt.Sprintf("Agent TTS voice '%.80s' is not available: %s", a.VoiceUUID, reason)), nil
}

// KeyedCatalog is a [Catalog] that knows what more an agent's own keys open.
type KeyedCatalog interface {
	Catalog
	With(own map[string]Secret) Catalog
}

// unusable says why none of the choices for part can be used; nil when one can.
func unusable(part string, all []Capability, choices []Choice) []string {
	var why []string
	for _, choice := range choices {
		c, ok := Find(all, choice.Provider, choice.Model)
		if ok && c.Available {
			return nil
		}
		reason := c.Why
		if reason == "" {
			reason = "it is not in the list of capabilities"
		}
		why = append(why, fmt.Sprintf("Agent %s '%.80s/%.80s' is not available: %s", part, choice.Provider, choice.Model, reason))
	}
	return why
}
