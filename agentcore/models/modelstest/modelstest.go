// Package modelstest gives tests the models, and brings them when they are
// missing.
package modelstest

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models"
)

var once = sync.OnceValues(func() (*models.Set, error) {
	dir, err := models.Dir(os.Getenv("HOOKSWITCH_CACHE_DIR"))
	if err != nil {
		return nil, err
	}
	if s, err := models.Open(dir); err == nil {
		return s, nil
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	return models.Pull(ctx, models.Options{Dir: dir})
})

// Set is the models, in the cache folder ($HOOKSWITCH_CACHE_DIR, or the user's
// own). They are pulled when they are missing; the test fails, saying what to
// do, when that can't be done.
func Set(t testing.TB) *models.Set {
	t.Helper()
	s, err := once()
	if err != nil {
		t.Fatalf("the models are missing and can't be pulled: %v\nmend: install npm, then run: hookswitch models pull   (or point HOOKSWITCH_CACHE_DIR at a folder that has them)", err)
	}
	return s
}

// Runtime is the loaded ONNX Runtime, closed when the test ends. A build
// without cgo has none, and skips the test.
func Runtime(t testing.TB) *models.Runtime {
	t.Helper()
	if !models.CanRun {
		t.Skip("built without cgo: no model can run")
	}
	r, err := models.Start(Set(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("closing the runtime: %v", err)
		}
	})
	return r
}
