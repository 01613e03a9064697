package server

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
	"github.com/hookswitch/hookswitch/metrics"
)

// who is a casting for a workspace whose keys are none.
func who(s *Server, workspace string, w wish) *casting {
	w.workspace = workspace
	return &casting{s: s, ctx: context.Background(), keys: purse{s: s, workspace: workspace}, w: w, parts: &Speech{}}
}

// Everybody of a list is engaged, in its order; who can't be had is skipped and
// told.
func TestAWholeListIsEngaged(t *testing.T) {
	s := &Server{log: slog.New(slog.DiscardHandler)}
	k := who(s, "w", wish{})
	got := engage(k, provider.Model, []string{"a", "gone", "b", "c"}, func(name string) (engaged[string], error) {
		if name == "gone" {
			return engaged[string]{}, errors.New("it has no key")
		}
		return engaged[string]{name, name, name, "credential of w"}, nil
	})
	var names []string
	for _, c := range got {
		names = append(names, c.Port)
		if c.Breaker == nil {
			t.Errorf("%s has no breaker", c.Port)
		}
	}
	if !slices.Equal(names, []string{"a", "b", "c"}) || len(k.skips) != 1 {
		t.Errorf("engaged %q, skipped %v", names, k.skips)
	}
}

// One workspace's wrong key says nothing about another's: their breakers are not
// the same, and within a workspace they are.
func TestBreakersAreApartByKey(t *testing.T) {
	c := config.Config{}
	c.OpenAI.BaseURL, c.OpenAI.Model = "http://127.0.0.1:9/v1", "m"
	s := &Server{c: c, table: providers.Settled(c), log: slog.New(slog.DiscardHandler), web: provider.NewClient(0), set: metrics.New(metrics.Config{})}
	breaker := func(workspace string) any {
		k := who(s, workspace, wish{})
		all := engage(k, provider.Model, []roster.Choice{{Provider: "openai", Model: "m"}}, k.model)
		if len(all) != 1 {
			t.Fatalf("%s: %v", workspace, k.skips)
		}
		k.release()
		return all[0].Breaker
	}
	if breaker("one") != breaker("one") {
		t.Error("two calls of a workspace have two breakers")
	}
	if breaker("one") == breaker("two") {
		t.Error("two workspaces share a breaker")
	}
}

// What an agent asks of a model is what its client is made with.
func TestAnAgentsWishesReachTheModel(t *testing.T) {
	effort, name, model := "low", "openai", "m"
	w := wishes("w", roster.Definition{ASR: &roster.ASR{}, LLM: &roster.LLM{Provider: &name, Model: &model, ReasoningEffort: &effort, Temperature: .7,
		Fallbacks: []roster.Choice{{Provider: "x", Model: "y"}, {Provider: "script", Model: "demo"}}}, VoiceUUID: "v", FallbackVoices: []string{"v2", "v3"}})
	var got providers.Thinking
	s := &Server{log: slog.New(slog.DiscardHandler), set: metrics.New(metrics.Config{})}
	p, _ := providers.Find(name)
	thinks := *p.Thinks
	make := thinks.New
	thinks.New = func(a providers.Access, t providers.Thinking) (m llm.Model, err error) { got = t; return make(a, t) }
	p.Thinks = &thinks
	s.table = []providers.Provider{p}
	s.c.OpenAI.BaseURL = "http://127.0.0.1:9/v1"
	s.web = provider.NewClient(0)
	k := who(s, "w", w)
	if _, err := k.model(w.thinks[0]); err != nil {
		t.Fatal(err)
	}
	if got.Effort != "low" || got.Temperature == nil || *got.Temperature != .7 || got.Model != "m" || !got.Replaceable {
		t.Errorf("the client is made with %+v", got)
	}
	if len(w.thinks) != 3 || len(w.speaks) != 3 {
		t.Errorf("of three each: %v, %v", w.thinks, w.speaks)
	}
}

// A list of voices is asked for once in ten minutes, and an old one is shown
// while the next is on its way.
func TestAListOfVoicesIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLists()
		defer l.close()
		asked := 0
		p := providers.Provider{Name: "elevenlabs", Speaks: &providers.Speaks{Voices: func(context.Context, providers.Access) ([]tts.Info, error) {
			asked++
			time.Sleep(100 * time.Millisecond)
			return []tts.Info{{ID: "anna", Name: "Anna"}}, nil
		}}}
		for range 5 {
			if voices, whole := l.of(t.Context(), p, providers.Access{Key: "k"}); len(voices) != 1 || !whole {
				t.Fatalf("%v, %v", voices, whole)
			}
		}
		if asked != 1 {
			t.Errorf("the provider was asked %d times at once", asked)
		}
		time.Sleep(listFresh + time.Second)
		began := time.Now()
		if voices, _ := l.of(t.Context(), p, providers.Access{Key: "k"}); len(voices) != 1 || time.Since(began) > 0 {
			t.Errorf("an old list of %d was waited for", len(voices))
		}
		synctest.Wait()
		time.Sleep(time.Second)
		if l.of(t.Context(), p, providers.Access{Key: "k"}); asked != 2 {
			t.Errorf("the provider was asked %d times in ten minutes", asked)
		}
		if l.of(t.Context(), p, providers.Access{Key: "another"}); asked != 3 {
			t.Error("another key shares the list")
		}
	})
}
