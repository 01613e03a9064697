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
	Provider    string   `json:"provider" example:"deepgram"`
	Model       string   `json:"model" example:"nova-2"`
	Description string   `json:"description"`
	Available   bool     `json:"available" doc:"A call could use it now."`
	Why         string   `json:"unavailable_reason,omitempty" doc:"Why it could not, and what to do about it."`
	Formats     []string `json:"audio_formats,omitempty" doc:"Of a recogniser: what asr.user_input_audio_format may be. Absent: any."`
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
	Language string `json:"language" doc:"BCP 47. Empty when it speaks several." example:"en-US"`
}

type voicesAnswer struct {
	Success bool         `json:"success"`
	Items   []voice      `json:"items"`
	Count   int          `json:"count" doc:"Of the items on this page."`
	Next    orNull[text] `json:"next_cursor" doc:"The cursor of the next page; null after the last."`
	Partial []string     `json:"partial_providers" doc:"Providers that may have more voices: their list can't be had now, or is longer than is read. An agent may name a voice of theirs that is not listed."`
}

// capabilities registers what agents may be set to.
func (a *API) capabilities() {
	handle(a, operation{
		ID: "get-capabilities", Method: http.MethodGet, Path: "/agents/capabilities", Tag: tagCatalog,
		Summary: "Get capabilities", Scope: roster.AgentsRead, Fail: "Failed to get capabilities",
		About: "Lists every recogniser and language model that this build has a client for. An agent may be set to any of them; " +
			"one that is not `available`, and has no fallback that is, is refused when a call is to begin.",
	}, func(ctx context.Context, _ *struct{}) (*reply[capabilitiesAnswer], error) {
		ws := gate.Workspace(ctx)
		return &reply[capabilitiesAnswer]{capabilitiesAnswer{Success: true,
			ASR: capabilitiesOf(a.Catalog.ASR(ctx, ws)), LLM: capabilitiesOf(a.Catalog.LLM(ctx, ws))}}, nil
	})
	handle(a, operation{
		ID: "list-voices", Method: http.MethodGet, Path: "/voices", Tag: tagCatalog,
		Summary: "List voices", Scope: roster.AgentsRead, Fail: "Failed to list voices", Errors: []int{http.StatusBadRequest},
		About: "Lists the voices that an agent may speak with: those of each provider that has a key, and the embedded ones.",
	}, a.listVoices)
}

func (a *API) listVoices(ctx context.Context, in *struct {
	Provider string `query:"provider" maxLength:"64" doc:"Only voices of this provider."`
	Cursor   string `query:"cursor" maxLength:"255" doc:"The next_cursor of the page before."`
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"1000" doc:"Voices on a page."`
}) (*reply[voicesAnswer], error) {
	all, err := a.Catalog.Voices(ctx, gate.Workspace(ctx))
	if err != nil {
		return nil, err
	}
	list := all.List
	if in.Provider != "" {
		list = slices.DeleteFunc(slices.Clone(list), func(v roster.Voice) bool { return v.Provider != in.Provider })
	}
	if in.Cursor != "" { // the last voice of the page before
		at := len(list) - 1
		for at >= 0 && list[at].UUID != in.Cursor {
			at--
		}
		if at < 0 {
			return nil, roster.Problems{{Field: "cursor", Messages: []string{"is not one that a page gave"}}}
		}
		list = list[at+1:]
	}
	out := voicesAnswer{Success: true, Items: []voice{}, Partial: notNil(all.Partial)}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = textOrNull(list[in.Limit-1].UUID)
	}
	for _, v := range list {
		out.Items = append(out.Items, voice(v))
	}
	out.Count = len(out.Items)
	return &reply[voicesAnswer]{out}, nil
}

func capabilitiesOf(all []roster.Capability) []capability {
	out := make([]capability, 0, len(all))
	for _, c := range all {
		out = append(out, capability(c))
	}
	slices.SortStableFunc(out, func(x, y capability) int { return cmp.Compare(x.Provider, y.Provider) })
	return out
}
