package corpus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hookswitch/hookswitch/media/g711"
)

// made is raised whenever a recipe comes to sound otherwise than before.
const made = 1

// DefaultMost is how many bytes a [Cache] holds that is told nothing else: the
// whole corpus takes a third of it.
const DefaultMost = 400 << 20

// Cache keeps what is dear to make, by name, in files of a folder. A nil *Cache
// keeps nothing. Several goroutines may use it.
type Cache struct{ dir string }

// OpenCache opens the folder, and makes it if need be. Where it has come to hold
// more than most bytes, the oldest files are removed first. Zero means
// [DefaultMost].
func OpenCache(dir string, most int64) (*Cache, error) {
	if most <= 0 {
		most = DefaultMost
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("corpus: the cache can't be used: %w", err)
	}
	if err := shrink(dir, most); err != nil {
		return nil, fmt.Errorf("corpus: the cache can't be used: %w", err)
	}
	return &Cache{dir}, nil
}

func shrink(dir string, most int64) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	var size int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // somebody else has just removed it
		}
		files = append(files, info)
		size += info.Size()
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if size <= most {
			return nil
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		size -= f.Size()
	}
	return nil
}

// Get is what was kept under name.
func (c *Cache) Get(name string) ([]byte, bool) {
	if c == nil {
		return nil, false
	}
	data, err := os.ReadFile(filepath.Join(c.dir, name))
	return data, err == nil
}

// Put keeps data under name, whole or not at all.
func (c *Cache) Put(name string, data []byte) error {
	if c == nil {
		return nil
	}
	f, err := os.CreateTemp(c.dir, ".part-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(c.dir, name))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// key names what r makes.
func (r Recipe) key() string {
	recipe, err := json.Marshal(r)
	if err != nil {
		panic(err) // a Recipe holds numbers and text; no number of it is infinite
	}
	sum := sha256.Sum256(fmt.Appendf(recipe, " %d", made))
	return "clip-" + hex.EncodeToString(sum[:16])
}

// Key names what is made of it: two items of one key sound the same.
func (it Item) Key() string { return it.Recipe.key() }

// get is a clip that was kept. One that can't be read is as good as none.
func (c *Cache) get(key string) (Clip, bool) {
	data, ok := c.Get(key)
	head, sound, whole := bytes.Cut(data, []byte{'\n'})
	var clip Clip
	if !ok || !whole || json.Unmarshal(head, &clip.Truth) != nil {
		return Clip{}, false
	}
	clip.Samples = make([]int16, len(sound))
	for i, b := range sound {
		clip.Samples[i] = g711.DecodeSample(b)
	}
	return clip, true
}

// put keeps a clip: its truth in a line of JSON, then its sound as µ-law, which
// loses nothing, for it came over the line as that.
func (c *Cache) put(key string, clip Clip) error {
	if c == nil {
		return nil
	}
	data, err := json.Marshal(clip.Truth)
	if err != nil {
		return err
	}
	data = append(data, '\n')
	for _, s := range clip.Samples {
		data = append(data, g711.EncodeSample(s))
	}
	return c.Put(key, data)
}
