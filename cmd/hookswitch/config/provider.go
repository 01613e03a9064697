package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// ProviderNames are the outside services that have settings of their own.
var ProviderNames = []string{"deepgram", "assemblyai", "openai", "whisper", "anthropic", "gemini", "resemble", "elevenlabs", "cartesia", "rime"}

// Provider is what c says of the provider called name; the zero Provider when
// there is none.
func (c Config) Provider(name string) Provider {
	p := &c.Providers
	switch name {
	case "deepgram":
		return p.Deepgram
	case "assemblyai":
		return p.AssemblyAI
	case "openai":
		return Provider{Key: c.OpenAI.Key, BaseURL: c.OpenAI.BaseURL, Model: c.OpenAI.Voice}
	case "whisper":
		return p.Whisper
	case "anthropic":
		return p.Anthropic
	case "gemini":
		return p.Gemini
	case "resemble":
		return p.Resemble
	case "elevenlabs":
		return p.ElevenLabs
	case "cartesia":
		return p.Cartesia
	case "rime":
		return p.Rime
	}
	return Provider{}
}

// flites are the embedded voices.
var flites = []string{"slt", "rms", "awb", "kal", "kal16"}

// part checks who plays a part of the agent: a list with commas, each one of own
// or PROVIDER/MODEL.
func part(own ...string) func(string) *problem {
	return each(func(value string) *problem {
		provider, model, found := strings.Cut(value, "/")
		if slices.Contains(own, value) || found && model != "" && slices.Contains(ProviderNames, provider) {
			return nil
		}
		names := own
		if found {
			names = ProviderNames
		}
		good := fault.Nearest(provider, names)
		switch {
		case good == "":
			good = own[0]
		case found:
			good += "/" + model
		}
		return &problem{"config/choice", `"%s" is not one of ` + strings.Join(own, ", ") + ", nor PROVIDER/MODEL", good, ""}
	})
}

// each checks every one of a list with commas.
func each(check func(string) *problem) func(string) *problem {
	return func(list string) *problem {
		for value := range strings.SplitSeq(list, ",") {
			if p := check(strings.TrimSpace(value)); p != nil {
				return p
			}
		}
		return nil
	}
}

// voice checks who speaks: an embedded voice, or the uuid of a provider's. What
// has no provider's prefix is Resemble's.
func voice(value string) *problem {
	if slices.Contains(flites, value) || VoiceProvider(value) != "" {
		return nil
	}
	good := fault.Nearest(value, flites)
	if good == "" {
		good = "rms"
	}
	return &problem{"config/choice", `"%s" is not one of ` + strings.Join(flites, ", ") + ", nor a provider's voice such as elevenlabs-ID", good, ""}
}

// VoiceProvider is the provider of a voice's uuid, by its prefix; empty when it
// has none.
func VoiceProvider(uuid string) string {
	for _, name := range ProviderNames {
		if rest, ok := strings.CutPrefix(uuid, name+"-"); ok && rest != "" {
			return name
		}
	}
	return ""
}

// leastKey is shorter than any provider's key, and longer than most slips.
const leastKey = 8

func providerKey(value string) *problem {
	if len(value) >= leastKey && strings.IndexFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) < 0 {
		return nil
	}
	return &problem{"config/credentials", fmt.Sprintf("that is not a key: those have %d characters or more, and no spaces", leastKey),
		"", "copy it again, without quotes or spaces, from the provider's console"}
}

// accounts checks that the settings' own agent has a key for each of its parts.
func (l *loader) accounts() {
	c := &l.Config
	for _, in := range []struct {
		setting, list, without string
		of                     func(string) string
	}{
		{"recogniser", c.Speech.Recogniser, "moonshine", before},
		{"llm", c.LLM, "script", before},
		{"voice", c.Speech.Voice, "rms", VoiceProvider},
	} {
		for one := range strings.SplitSeq(in.list, ",") {
			provider := in.of(strings.TrimSpace(one))
			switch {
			case provider == "" || l.bad[in.setting]:
			case provider == "whisper":
				l.need(in.setting, in.without, "whisper.base_url", "the server's address is missing", "config/url", "http://127.0.0.1:8000/v1")
			case c.Provider(provider).BaseURL == "":
				l.need(in.setting, in.without, provider+".key", "the provider's key is missing", "config/credentials", "...")
			}
		}
	}
}

// before is the provider of PROVIDER/MODEL; empty for one of our own.
func before(part string) string {
	provider, _, found := strings.Cut(part, "/")
	if !found {
		return ""
	}
	return provider
}
