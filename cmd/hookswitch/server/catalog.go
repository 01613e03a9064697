package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
)

// Providers that are built in and need no key.
const (
	moonshineProvider = "moonshine"
	moonshineModel    = "tiny-en"
	scriptProvider    = "script"
	scriptModel       = "demo"
	openaiProvider    = "openai"
	fliteProvider     = "flite"
	flitePrefix       = "flite-" // begins the uuid of an embedded voice
)

// catalog is the [roster.Catalog] of this build, its settings and the keys of a
// workspace.
type catalog struct{ s *Server }

var _ roster.Catalog = catalog{}

// keys are those of a workspace; none when they can't be read, which is logged.
func (k catalog) keys(ctx context.Context, workspace string) purse {
	keys, err := k.s.purse(ctx, workspace)
	if err != nil {
		k.s.log.ErrorContext(ctx, "the keys of a workspace can't be read", "error", err)
	}
	return purse{k.s, workspace, keys.kept}
}

// why is what keeps a workspace from p, as something to do about it; empty:
// nothing.
func (k catalog) why(ctx context.Context, keys purse, p providers.Provider) string {
	_, _, err := keys.access(p)
	var none noKeyError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &none):
		return none.Error()
	}
	k.s.log.ErrorContext(ctx, "a provider's key can't be had", "provider", p.Name, "error", err)
	return "its key can't be read; the gateway's log says why"
}

// capability is p as a recogniser with one of its models.
func capability(p providers.Provider, model string) roster.Capability {
	c := roster.Capability{Provider: p.Name, Model: model, Description: p.Title + " " + model}
	for _, f := range p.Hears.Formats {
		c.Formats = append(c.Formats, string(f))
	}
	return c
}

// ASR implements [roster.Catalog].
func (k catalog) ASR(ctx context.Context, workspace string) []roster.Capability {
	moonshine := roster.Capability{Provider: moonshineProvider, Model: moonshineModel, Available: true,
		Description: "Moonshine tiny, English, on this machine; needs no key"}
	if k.s.c.Speech.Recogniser == "none" {
		moonshine.Available, moonshine.Why = false, "this gateway is deaf on purpose: recogniser is none"
	}
	all := []roster.Capability{moonshine}
	keys := k.keys(ctx, workspace)
	for _, p := range providers.Table {
		if p.Hears == nil {
			continue
		}
		why := k.why(ctx, keys, p)
		for _, m := range k.models(p.Name, p.Hears.Models, k.s.c.Speech.Recogniser) {
			c := capability(p, m)
			c.Available, c.Why = why == "", why
			all = append(all, c)
		}
	}
	return all
}

// LLM implements [roster.Catalog].
func (k catalog) LLM(ctx context.Context, workspace string) []roster.Capability {
	all := []roster.Capability{{Provider: scriptProvider, Model: scriptModel, Available: true,
		Description: "the gateway's own dialogue file, a receptionist by default; needs no key and follows no prompt"}}
	keys := k.keys(ctx, workspace)
	for _, p := range providers.Table {
		if p.Thinks == nil {
			continue
		}
		why := k.why(ctx, keys, p)
		for _, m := range k.models(p.Name, p.Thinks.Models, k.s.c.LLM) {
			all = append(all, roster.Capability{Provider: p.Name, Model: m, Description: p.Title + " " + m, Available: why == "", Why: why})
		}
	}
	return all
}

// models are those of a provider, and those that the settings name: another
// service under its address has other models.
func (k catalog) models(provider string, known []string, list string) []string {
	all := slices.Clone(known)
	if provider == openaiProvider {
		list += "," + openaiProvider + "/" + k.s.c.OpenAI.Model
	}
	if m := k.s.c.Provider(provider).Model; provider == "whisper" && m != "" {
		list += "," + provider + "/" + m
	}
	for _, c := range chosen(list, nil) {
		if c.Provider == provider && !slices.Contains(all, c.Model) {
			all = append(all, c.Model)
		}
	}
	return all
}

// Voices implements [roster.Catalog]. The providers are asked all at once.
func (k catalog) Voices(ctx context.Context, workspace string) (roster.Voices, error) {
	var all roster.Voices
	keys, err := k.s.purse(ctx, workspace)
	if err != nil {
		return all, err
	}
	for _, v := range flite.Voices() {
		all.List = append(all.List, roster.Voice{UUID: flitePrefix + v, Name: voiceNames[v], Provider: fliteProvider, Language: "en-US"})
	}
	type offer struct {
		voices []tts.Info
		whole  bool
	}
	offers := make([]offer, len(providers.Table))
	var asking sync.WaitGroup
	for i, p := range providers.Table {
		if p.Speaks == nil {
			continue
		}
		a, _, err := keys.access(p)
		var none noKeyError
		switch {
		case errors.As(err, &none):
			offers[i].whole = true
		case err != nil:
			return all, fmt.Errorf("server: voices of %s: %w", p.Name, err)
		default:
			asking.Go(func() { offers[i].voices, offers[i].whole = k.s.lists.of(ctx, p, a) })
		}
	}
	asking.Wait()
	for i, p := range providers.Table {
		if p.Speaks == nil {
			continue
		}
		for _, v := range offers[i].voices {
			all.List = append(all.List, roster.Voice{UUID: providers.VoiceUUID(p.Name, v.ID), Name: v.Name, Provider: p.Name, Language: v.Language})
		}
		if !offers[i].whole {
			all.Partial = append(all.Partial, p.Name)
		}
	}
	return all, nil
}

// voiceNames are the embedded voices as people call them.
var voiceNames = map[string]string{
	"slt": "Sally (US English)", "rms": "Robert (US English)", "awb": "Alan (Scottish English)",
	"kal": "Kal (robotic, 8 kHz)", "kal16": "Kal (robotic, 16 kHz)",
}

// fliteVoice is the embedded voice of a uuid.
func fliteVoice(uuid string) (string, bool) { return strings.CutPrefix(uuid, flitePrefix) }
