package roster

import (
	"context"
	"fmt"
)

// Unfit tells what keeps a from taking a call now, in the words of the API: a
// part that is missing, or one that this gateway can't use. nil: nothing does.
func Unfit(ctx context.Context, c Catalog, a Agent) ([]string, error) {
	if missing := Missing(a.Definition); missing != nil {
		return missing, nil
	}
	var why []string
	if m, ok := Find(c.ASR(ctx, a.Workspace), a.ASR.Provider, a.ASR.Model); !ok || !m.Available {
		why = append(why, unavailable("ASR", a.ASR.Provider, a.ASR.Model, m.Why))
	}
	if m, ok := Find(c.LLM(ctx, a.Workspace), *a.LLM.Provider, *a.LLM.Model); !ok || !m.Available {
		why = append(why, unavailable("LLM", *a.LLM.Provider, *a.LLM.Model, m.Why))
	}
	voices, err := c.Voices(ctx, a.Workspace)
	if err != nil {
		return nil, fmt.Errorf("roster: voices: %w", err)
	}
	if _, ok := findVoice(voices, a.VoiceUUID); !ok {
		why = append(why, "Agent TTS voice is not available: it is not in the list of voices")
	}
	return why, nil
}

func unavailable(part, provider, model, why string) string {
	if why == "" {
		why = "it is not in the list of capabilities"
	}
	return fmt.Sprintf("Agent %s '%s/%s' is not available: %s", part, provider, model, why)
}
