package server

import (
	"context"
	"errors"
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
type catalog struct {
	s   *Server
	own map[string]roster.Secret // an agent's keys, before the workspace's
}

var (
	_ roster.Catalog      = catalog{}
	_ roster.KeyedCatalog = catalog{}
)

// With implements [roster.KeyedCatalog].
func (k catalog) With(own map[string]roster.Secret) roster.Catalog { return catalog{k.s, own} }

// keys are those of a workspace; none when they can't be read, which is logged.
func (k catalog) keys(ctx context.Context, workspace string) purse {
	keys, err := k.s.purse(ctx, workspace)
	if err != nil {
		k.s.log.ErrorContext(ctx, "the keys of a workspace can't be read", "error", err)
	}
	return purse{k.s, workspace, keys.kept}.with(k.own)
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
	for _, p := range k.s.table {
		if p.Hears == nil {
			continue
		}
		_, why := keys.why(ctx, p)
		for _, m := range p.Hears.Models {
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
	for _, p := range k.s.table {
		if p.Thinks == nil {
			continue
		}
		_, why := keys.why(ctx, p)
		for _, m := range p.Thinks.Models {
			all = append(all, roster.Capability{Provider: p.Name, Model: m, Description: p.Title + " " + m, Available: why == "", Why: why})
		}
	}
	return all
}

// Voices implements [roster.Catalog]. The providers are asked all at once.
func (k catalog) Voices(ctx context.Context, workspace string) (roster.Voices, error) {
	all := roster.Voices{Of: whose}
	keys, err := k.s.purse(ctx, workspace)
	if err != nil {
		return all, err
	}
	keys = keys.with(k.own)
	for _, v := range flite.Voices() {
		all.List = append(all.List, roster.Voice{UUID: flitePrefix + v, Name: voiceNames[v], Provider: fliteProvider, Language: "en-US"})
	}
	type offer struct {
		voices []tts.Info
		whole  bool
	}
	offers := make([]offer, len(k.s.table))
	var asking sync.WaitGroup
	for i, p := range k.s.table {
		if p.Speaks == nil {
			continue
		}
		a, _, err := keys.access(p)
		var none noKeyError
		switch {
		case errors.As(err, &none):
			offers[i].whole = true
		case err != nil: // who asks for its state is told
		default:
			asking.Go(func() { offers[i].voices, offers[i].whole = k.s.lists.of(ctx, p, a) })
		}
	}
	asking.Wait()
	for i, p := range k.s.table {
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

// whose is the provider whose voice a uuid is, or would be.
func whose(uuid string) string {
	if _, ours := fliteVoice(uuid); ours {
		return fliteProvider
	}
	p, _ := providers.OfVoice(uuid)
	return p.Name
}
