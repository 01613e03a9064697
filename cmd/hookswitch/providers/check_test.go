package providers_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
	"github.com/hookswitch/hookswitch/media"
)

// ear hears what it is made of; nil hears nothing and says so never.
type ear struct{ results chan asr.Result }

func (e ear) Open(context.Context, asr.Options) (asr.Stream, error) { return e, nil }
func (e ear) Write(*media.Frame) bool                               { return true }
func (e ear) Results() <-chan asr.Result                            { return e.results }
func (e ear) Close() error                                          { return nil }
func (e ear) Signal(asr.Signal)                                     {}

// mute is a model without words.
type mute struct{}

func (mute) Chat(context.Context, llm.Request) iter.Seq2[llm.Delta, error] {
	return func(func(llm.Delta, error) bool) {}
}

// quiet is a voice of silence.
type quiet struct{}

func (quiet) Close() error { return nil }
func (quiet) Speak(_ context.Context, _ string, out tts.Sink) error {
	return out.Frame(&media.Frame{})
}

// Whatever fails is told as the provider's failure, since nothing else is shown
// over the API.
func TestACheckThatFailsSaysHow(t *testing.T) {
	one := make(chan asr.Result, 1)
	one <- asr.Result{Final: true}
	over := make(chan asr.Result)
	close(over)
	hears := func(results chan asr.Result) providers.Provider {
		return providers.Provider{Name: "x", Hears: &providers.Hears{Models: []string{"m"}, Formats: []live.Format{live.Mulaw},
			New: func(providers.Access, providers.Hearing) (asr.Recognizer, error) { return ear{results}, nil }}}
	}
	speaks := func(voices ...tts.Info) providers.Provider {
		return providers.Provider{Name: "x", Speaks: &providers.Speaks{
			Model:  func(providers.Access) string { return "m" },
			Voices: func(context.Context, providers.Access) ([]tts.Info, error) { return voices, nil },
			New:    func(providers.Access, string) (providers.Voice, error) { return quiet{}, nil },
		}}
	}
	thinks := providers.Provider{Name: "x", Thinks: &providers.Thinks{New: func(providers.Access, providers.Thinking) (llm.Model, error) { return mute{}, nil }}}
	for claim, tt := range map[string]struct {
		p     providers.Provider
		class provider.Class
	}{
		"nothing was heard":      {hears(one), provider.Garbage},
		"it went":                {hears(over), provider.Unavailable},
		"it never says":          {hears(nil), provider.Timeout},
		"no word":                {thinks, provider.Garbage},
		"no voice":               {speaks(), provider.Refused},
		"silence":                {speaks(tts.Info{ID: "v"}), provider.Garbage},
		"a model that is no ear": {providers.Provider{Name: "x", Hears: &providers.Hears{Models: []string{"m"}, New: noEar(t)}}, provider.Unavailable},
	} {
		t.Run(claim, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, &provider.StallError{Waited: 100 * time.Millisecond})
			defer cancel()
			got := tt.p.Check(ctx, providers.Access{Model: "speaks"})
			var e *provider.Error
			if len(got) != 1 || !errors.As(got[0].Err, &e) || e.Provider != "x" || e.Class != tt.class {
				t.Errorf("Check() = %+v, want one of class %s", got, tt.class)
			}
		})
	}
}

// noEar is given the model that hears, not the one that speaks.
func noEar(t *testing.T) func(providers.Access, providers.Hearing) (asr.Recognizer, error) {
	return func(_ providers.Access, h providers.Hearing) (asr.Recognizer, error) {
		if h.Model != "m" {
			t.Errorf("asked to hear with %q", h.Model)
		}
		return nil, provider.New("x", "connect", provider.Unavailable, errors.New("no ear"))
	}
}

// What the settings name is there, once, and at an address of one's own it is
// what is tried.
func TestTheSettingsNameMoreModels(t *testing.T) {
	for claim, tt := range map[string]struct {
		c                       config.Config
		provider, hears, thinks string // the first of each
		named                   string // is among them
	}{
		"nothing":              {config.Config{}, "deepgram", "nova-2", "", "nova-3"},
		"another of theirs":    {config.Config{Speech: config.Speech{Recogniser: "deepgram/ours, moonshine"}}, "deepgram", "nova-2", "", "ours"},
		"a whisper":            {config.Config{Providers: config.Providers{Whisper: config.Provider{BaseURL: "http://127.0.0.1/v1", Model: "large"}}}, "whisper", "large", "", "whisper-1"},
		"another server's":     {config.Config{OpenAI: config.OpenAI{BaseURL: "http://127.0.0.1/v1", Model: "qwen"}}, "openai", "", "qwen", "gpt-4o"},
		"OpenAI's own":         {config.Config{OpenAI: config.OpenAI{Model: "gpt-9"}}, "openai", "gpt-4o-transcribe", "gpt-4o", "gpt-9"},
		"named as others' are": {config.Config{LLM: "anthropic/claude-x,openai/y", OpenAI: config.OpenAI{Model: "z"}}, "anthropic", "", "claude-haiku-5-5", "claude-x"},
	} {
		t.Run(claim, func(t *testing.T) {
			for _, p := range providers.Settled(tt.c) {
				if p.Name != tt.provider {
					continue
				}
				var hears, thinks []string
				if p.Hears != nil {
					hears = p.Hears.Models
				}
				if p.Thinks != nil {
					thinks = p.Thinks.Models
				}
				if head(hears) != tt.hears || head(thinks) != tt.thinks {
					t.Errorf("hears %q, thinks %q; want %q and %q first", hears, thinks, tt.hears, tt.thinks)
				}
				n := 0
				for _, m := range append(hears, thinks...) {
					if m == tt.named {
						n++
					}
				}
				if n != 1 {
					t.Errorf("%q is %d times in %q and %q", tt.named, n, hears, thinks)
				}
			}
		})
	}
}

func head(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}
