package models

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestADamagedLibraryIsNamed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, Library())
	if err := os.WriteFile(path, []byte("not a library"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Start(&Set{dir})
	if !CanRun {
		if !errors.Is(err, ErrNoRuntime) {
			t.Errorf("Start() without cgo = %v, want ErrNoRuntime", err)
		}
		return
	}
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrDigest) || e.File != path {
		t.Errorf("Start() = %v, want ErrDigest of %s", err, path)
	}
}
