package persona

import (
	"path/filepath"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
)

// OpenWAV returns a [Sound].Open that reads WAV files; names are relative to
// dir, the folder of the persona's own file.
func OpenWAV(dir string) func(name string) ([]media.Frame, error) {
	return func(name string) ([]media.Frame, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		audio, err := wav.ReadFile(name)
		if err != nil {
			return nil, err
		}
		return audio.Frames(0)
	}
}
