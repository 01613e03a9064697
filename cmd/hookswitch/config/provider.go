package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// account is an outside service that has settings of its own.
type account struct {
	name  string
	of    string                     // whose key it is, for people
	field func(*Providers) *Provider // nil: OpenAI's, which have their place among the models'
	base  string                     // more about its address
	model string                     // what model means here; empty: there is no such setting
}

var outside = []account{
	{"deepgram", "Deepgram", func(p *Providers) *Provider { return &p.Deepgram }, "", ""},
	{"assemblyai", "AssemblyAI", func(p *Providers) *Provider { return &p.AssemblyAI }, "", ""},
	{"openai", "OpenAI", nil, "", ""},
	{"whisper", "a Whisper-compatible server", func(p *Providers) *Provider { return &p.Whisper }, ", up to and with /v1; without it the key is for OpenAI's own", "that hears; whisper-1 when empty"},
	{"anthropic", "Anthropic", func(p *Providers) *Provider { return &p.Anthropic }, "", ""},
	{"gemini", "Gemini", func(p *Providers) *Provider { return &p.Gemini }, "", ""},
	{"resemble", "Resemble", func(p *Providers) *Provider { return &p.Resemble }, "", ""},
	{"elevenlabs", "ElevenLabs", func(p *Providers) *Provider { return &p.ElevenLabs }, "", "that speaks; eleven_flash_v2_5 when empty"},
	{"cartesia", "Cartesia", func(p *Providers) *Provider { return &p.Cartesia }, "", "that speaks; sonic-3.5 when empty"},
	{"rime", "Rime", func(p *Providers) *Provider { return &p.Rime }, "", "that speaks; coda when empty"},
}

// ProviderNames are the outside services that have settings of their own.
var ProviderNames = func() (all []string) {
	for _, a := range outside {
		all = append(all, a.name)
	}
	return all
}()

// accountSettings are the lines of the table of settings about them.
func accountSettings() (all []Setting) {
	for _, a := range outside {
		if a.field == nil {
			continue
		}
		all = append(all,
			Setting{Name: a.name + ".key", Group: accounts, Unit: "KEY", Secret: true, Doc: "key of " + a.of + ", for the workspace default",
				field: func(c *Config) any { return &a.field(&c.Providers).Key }, check: providerKey},
			Setting{Name: a.name + ".base_url", Group: accounts, Unit: "URL", Doc: "another host that speaks its protocol" + a.base,
				field: func(c *Config) any { return &a.field(&c.Providers).BaseURL }, check: baseURL})
		if a.model != "" {
			all = append(all, Setting{Name: a.name + ".model", Group: accounts, Unit: "NAME", Doc: "the model " + a.model,
				field: func(c *Config) any { return &a.field(&c.Providers).Model }})
		}
	}
	return slices.Insert(all, 2, training) // behind Deepgram's other two
}

var training = Setting{Name: "deepgram.training", Group: accounts, Unit: "CHOICE", Default: "theirs", Choices: []string{"theirs", "none"},
	Doc:   "none keeps calls out of Deepgram's model improvement program, at another price; theirs leaves it to the account",
	field: func(c *Config) any { return &c.Providers.DeepgramTraining }}

// Provider is what c says of the provider called name; the zero Provider when
// there is none.
func (c Config) Provider(name string) Provider {
	for _, a := range outside {
		switch {
		case a.name != name:
		case a.field == nil:
			return Provider{Key: c.OpenAI.Key, BaseURL: c.OpenAI.BaseURL, Model: c.OpenAI.Voice}
		default:
			p := *a.field(&c.Providers)
			p.OptOut = name == "deepgram" && c.Providers.DeepgramTraining == "none"
			return p
		}
	}
	return Provider{}
}

// Names are the models of a provider that the settings name, to hear and to
// think with, and whether they have it speak.
func (c Config) Names(name string) (hears, thinks []string, speaks bool) {
	of := func(list string) (all []string) {
		for one := range strings.SplitSeq(list, ",") {
			if provider, model, found := strings.Cut(strings.TrimSpace(one), "/"); found && provider == name {
				all = append(all, model)
			}
		}
		return all
	}
	hears, thinks = of(c.Speech.Recogniser), of(c.LLM)
	for one := range strings.SplitSeq(c.Speech.Voice, ",") {
		speaks = speaks || VoiceProvider(strings.TrimSpace(one)) == name
	}
	switch model := c.Provider(name).Model; {
	case name == "openai":
		thinks, speaks = append(thinks, c.OpenAI.Model), speaks || model != ""
	case name == "whisper" && model != "":
		hears = append(hears, model)
	}
	return hears, thinks, speaks
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

// accounts checks that each part of the settings' own agent has somebody whom the
// settings let in; who takes over will do.
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
		var lacks []string
		for one := range strings.SplitSeq(in.list, ",") {
			provider := in.of(strings.TrimSpace(one))
			if provider == "" || c.reaches(provider) || l.bad[in.setting] {
				lacks = nil
				break
			}
			lacks = append(lacks, provider)
		}
		for _, provider := range lacks {
			if provider == "whisper" {
				l.need(in.setting, in.without, "whisper.base_url", "the server's address is missing", "config/url", "http://127.0.0.1:8000/v1")
				continue
			}
			l.need(in.setting, in.without, provider+".key", "the provider's key is missing", "config/credentials", "...")
		}
	}
}

// reaches reports whether the settings are enough to ask a provider: only servers
// of one's own that speak OpenAI's protocols may want no key.
func (c *Config) reaches(provider string) bool {
	p := c.Provider(provider)
	return p.Key != "" || p.BaseURL != "" && (provider == "openai" || provider == "whisper")
}

// before is the provider of PROVIDER/MODEL; empty for one of our own.
func before(part string) string {
	provider, _, found := strings.Cut(part, "/")
	if !found {
		return ""
	}
	return provider
}
