package whoanswered

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
)

// home is a cache folder with the models and nothing else.
func home(t *testing.T) string {
	t.Helper()
	if !models.CanRun {
		t.Skip("built without cgo: no model can run")
	}
	dir := t.TempDir()
	if err := os.Symlink(modelstest.Set(t).Dir(), filepath.Join(dir, "models-"+models.Version)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// One item in fifty-two, with the real voices, detector and recogniser. What the whole
// corpus gives is measured by make bench-answer.
func TestItemsOfEachKindWithRealModels(t *testing.T) {
	o := Options{Cache: home(t), Every: 52, Hour: 20 * time.Second, Out: filepath.Join(t.TempDir(), "answer.json"), Explain: true}
	began := time.Now()
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	first := time.Since(began)
	all := 0
	for _, part := range []string{"train", "test"} {
		f := r.Parts[part]
		all += f.Items
		if f.HumanAsMachine.K > 0 {
			t.Errorf("%s: %d of %d people are taken for machines", part, f.HumanAsMachine.K, f.HumanAsMachine.N)
		}
		if f.MachineAsHuman.K*5 > f.MachineAsHuman.N {
			t.Errorf("%s: %d of %d machines are taken for people", part, f.MachineAsHuman.K, f.MachineAsHuman.N)
		}
		if f.Leave.K*5 < f.Leave.N*4 {
			t.Errorf("%s: the moment for a message came in %d of %d voicemails", part, f.Leave.K, f.Leave.N)
		}
		if f.BeepRecall.K+1 < f.BeepRecall.N || f.BeepPrecision.K < f.BeepPrecision.N {
			t.Errorf("%s: beeps heard %+v, of those told right %+v", part, f.BeepRecall, f.BeepPrecision)
		}
		if f.Verdict.N < 3 || f.Verdict.Median > 1200 {
			t.Errorf("%s: people are known %+v", part, f.Verdict)
		}
		if *f.FalseBeepsPerHour != 0 {
			t.Errorf("%s: beeps in speech and keys", part)
		}
	}
	if all < 25 {
		t.Errorf("%d items", all)
	}
	for _, m := range r.Mistakes {
		t.Logf("%s: %s (%s)", m.Item, m.What, m.Found)
	}

	// The same once more: what was heard is kept, and the judge is a fold.
	began = time.Now()
	o.Hour = 0
	again, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if again.HumanAsMachine != r.HumanAsMachine || again.RightClass != r.RightClass || len(again.Mistakes) != len(r.Mistakes) {
		t.Error("a second time it came to something else")
	}
	if d := time.Since(began); d > first/2 {
		t.Errorf("judging %d items again took %v, hearing and judging them %v", all, d, first)
	}
}

func TestWhatCannotBeMeasuredIsAnError(t *testing.T) {
	dir := home(t)
	if _, err := Run(t.Context(), Options{Cache: dir, Part: "both"}); err == nil {
		t.Error("a part that there is not was measured")
	}
	if _, err := Run(t.Context(), Options{Cache: dir, Only: "nothing is called so"}); err == nil {
		t.Error("no items were measured")
	}
	var e *models.Error
	if _, err := Run(t.Context(), Options{Cache: t.TempDir()}); !errors.As(err, &e) {
		t.Errorf("without models: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Run(ctx, Options{Cache: dir, Only: "person/short/00"}); !errors.Is(err, context.Canceled) {
		t.Errorf("when it is not wanted any more: %v", err)
	}
}
