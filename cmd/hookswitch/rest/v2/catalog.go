package v2

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// capability is a model of a provider in an answer.
type capability struct {
	Provider    string `json:"provider" example:"deepgram"`
	Model       string `json:"model" example:"nova-2"`
	Description string `json:"description"`
	Available   bool   `json:"available" doc:"A call could use it now."`
	Why         string `json:"unavailable_reason,omitempty" doc:"Why it could not, and what to do about it."`
}

type capabilitiesAnswer struct {
	Success bool         `json:"success"`
	ASR     []capability `json:"asr_capabilities" doc:"Recognisers."`
	LLM     []capability `json:"llm_capabilities" doc:"Language models."`
}

type voice struct {
	UUID     string `json:"uuid" doc:"What an agent's voice_uuid says."`
	Name     string `json:"name"`
	Provider string `json:"provider"`
	Language string `json:"language" doc:"BCP 47." example:"en-US"`
}

type voicesAnswer struct {
	Success bool    `json:"success"`
	Items   []voice `json:"items"`
	Count   int     `json:"count"`
}

// capabilities registers what agents may be set to.
func (a *API) capabilities() {
	handle(a, operation{
		ID: "get-capabilities", Method: http.MethodGet, Path: "/agents/capabilities", Tag: tagCatalog,
		Summary: "Get capabilities", Scope: roster.AgentsRead, Fail: "Failed to get capabilities",
		About: "Lists every recogniser and language model that this build has a client for. An agent may be set to any of them; " +
			"one that is not `available` is refused when a call is to begin.",
	}, func(ctx context.Context, _ *struct{}) (*reply[capabilitiesAnswer], error) {
		ws := gate.Workspace(ctx)
		return &reply[capabilitiesAnswer]{capabilitiesAnswer{Success: true,
			ASR: capabilitiesOf(a.Catalog.ASR(ctx, ws)), LLM: capabilitiesOf(a.Catalog.LLM(ctx, ws))}}, nil
	})
	handle(a, operation{
		ID: "list-voices", Method: http.MethodGet, Path: "/voices", Tag: tagCatalog,
		Summary: "List voices", Scope: roster.AgentsRead, Fail: "Failed to list voices",
		About: "Lists the voices that an agent may speak with, the embedded ones included.",
	}, func(ctx context.Context, _ *struct{}) (*reply[voicesAnswer], error) {
		all, err := a.Catalog.Voices(ctx, gate.Workspace(ctx))
		if err != nil {
			return nil, err
		}
		items := make([]voice, 0, len(all))
		for _, v := range all {
			items = append(items, voice(v))
		}
		return &reply[voicesAnswer]{voicesAnswer{Success: true, Items: items, Count: len(items)}}, nil
	})
}

func capabilitiesOf(all []roster.Capability) []capability {
	out := make([]capability, 0, len(all))
	for _, c := range all {
		out = append(out, capability(c))
	}
	slices.SortStableFunc(out, func(x, y capability) int { return cmp.Compare(x.Provider, y.Provider) })
	return out
}
