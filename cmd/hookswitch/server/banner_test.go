package server_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

func TestFirstLinesSayOneAspectEachAndOnlyWhatIsTrue(t *testing.T) {
	for _, tt := range []struct {
		name string
		load func(context.Context) (*server.Speech, error)
		say  []string
		not  string
	}{
		{"deaf on purpose", speaks, []string{"speech     deaf on purpose, hum speaks", "ready in ", "Talk to it     hookswitch talk"}, "CAN'T"},
		{"without cgo", func(ctx context.Context) (*server.Speech, error) {
			s, err := speaks(ctx)
			s.Deaf = &models.Error{Op: "start", Kind: models.ErrNoRuntime}
			return s, err
		}, []string{"speech     CAN'T HEAR, only keys: built without cgo", "mend: hookswitch doctor", "ready in "}, " hears"},
		{"without models", func(context.Context) (*server.Speech, error) {
			return nil, &models.Error{Op: "open", Kind: models.ErrMissing, Label: "flite", File: "/srv/secret/flite.wasm"}
		}, []string{"speech     CAN'T HEAR OR SPEAK: flite is not in the cache folder", "mend: hookswitch models pull", "NOT READY"}, "ready in"},
		{"anything else", func(context.Context) (*server.Speech, error) { return nil, errors.New("no luck") }, []string{"CAN'T HEAR OR SPEAK: no luck"}, "ready in"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			o.Load = tt.load
			b := boot(t, o)
			var text strings.Builder
			b.Greet(t.Context(), &text, "defaults (no file, no variables)", time.Now())
			got := text.String()
			for _, want := range append(tt.say, "hookswitch 0.1.0   go", "config     defaults (no file, no variables)", "write one: hookswitch config init",
				"database   sqlite ", ", new\n", "carrier    simulated", "serving    http://"+b.Addr().String(),
				"api        http://"+b.Addr().String()+"/docs", "make the first key: hookswitch key create") {
				if !strings.Contains(got, want) {
					t.Errorf("lacks %q:\n%s", want, got)
				}
			}
			if strings.Contains(got, tt.not) || strings.Contains(got, "/srv/secret") {
				t.Errorf("claims %q, or names a path:\n%s", tt.not, got)
			}
		})
	}
}

func TestFirstLinesSayWhoMayComeToCalls(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Config.AgentsDir = t.TempDir()
	for name, text := range map[string]string{
		"scribe": "live_captions:\n  processing: automatic\n", "later": "live_captions:\n  processing: manual\n",
		"off": "enabled: false\nlive_captions:\n  processing: automatic\n",
	} {
		if err := os.WriteFile(filepath.Join(o.Config.AgentsDir, "agent-"+name+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.Config.LiveKit = config.LiveKit{URL: "wss://me:secret@livekit.example.com", Key: "APIabc", Secret: "a-secret-of-theirs"}
	var text strings.Builder
	boot(t, o).Greet(t.Context(), &text, "hookswitch.yaml", time.Now())
	for _, want := range []string{"agents     2 in files; to every call: scribe ", "watched: " + o.Config.AgentsDir, "livekit    wss://…@livekit.example.com", "agents register at /agent"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("lacks %q:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "secret") {
		t.Errorf("tells a secret:\n%s", text.String())
	}
}

func TestLogSaysServingThenReady(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	o := options(t)
	o.Log = slog.New(slog.NewJSONHandler(&text, nil))
	s, err := server.Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		s.Announce(ctx, "hookswitch.yaml", time.Now())
		cancel()
	})
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
	wg.Wait()
	serving, ready := strings.Index(text.String(), `"msg":"serving"`), strings.Index(text.String(), `"msg":"ready","hears":"nobody","speaks":"hum","thinks":"script"`)
	if serving < 0 || ready < serving {
		t.Errorf("the log says\n%s", text.String())
	}
}
