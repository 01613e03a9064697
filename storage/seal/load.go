package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	keyBytes = 32
	maxKeys  = 100
	maxFile  = 64 << 10 // bytes of a key file
)

// DefaultFile is where the key is kept unless somebody says otherwise.
const DefaultFile = "data/secret.key"

// Options say where the keys are.
type Options struct {
	// Env is the value of HOOKSWITCH_SECRET_KEY: keys separated by commas, each
	// of 32 bytes as base64 or hexadecimal. The first seals, all open. Empty
	// means that the file is used.
	Env string
	// File holds the keys one a line; lines that begin with # are comments. One
	// that is not there is made. Empty means [DefaultFile].
	File string
	// Found means that a file that is not there is [fs.ErrNotExist], and not made.
	Found bool
}

// KeyError says what is wrong with a key, without repeating it.
type KeyError struct {
	Where string // the setting or the file
	N     int    // which of its keys, from 1; 0: none of them
	Why   string
}

func (e KeyError) Error() string {
	if e.N == 0 {
		return fmt.Sprintf("seal: %s: %s", e.Where, e.Why)
	}
	return fmt.Sprintf("seal: %s: key %d %s", e.Where, e.N, e.Why)
}

// Load returns the keys, and whether it made the key file, which somebody must
// now keep safe: without it, what is sealed in the database is lost. A key that
// cannot be used is a [KeyError].
func Load(o Options) (k *Keyring, made bool, err error) {
	if strings.TrimSpace(o.Env) != "" {
		k, err = parse("HOOKSWITCH_SECRET_KEY", strings.Split(o.Env, ","))
		return k, false, err
	}
	file := o.File
	if file == "" {
		file = DefaultFile
	}
	_, err = os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) && !o.Found {
		made, err = makeFile(file)
	}
	if err != nil {
		return nil, false, fmt.Errorf("seal: key file: %w", err)
	}
	text, err := read(file)
	if err != nil {
		return nil, made, fmt.Errorf("seal: key file: %w", err)
	}
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool {
		line = strings.TrimSpace(line)
		return line == "" || strings.HasPrefix(line, "#")
	})
	k, err = parse(file, lines)
	return k, made, err
}

func parse(where string, texts []string) (*Keyring, error) {
	var k Keyring
	if len(texts) > maxKeys {
		return nil, KeyError{where, 0, fmt.Sprintf("it has %d keys, at most %d are expected", len(texts), maxKeys)}
	}
	for i, text := range texts {
		raw, ok := decode(strings.TrimSpace(text))
		if !ok {
			return nil, KeyError{where, i + 1, fmt.Sprintf("has %d characters; expected are %d random bytes, as 44 characters of base64 or 64 hexadecimal digits: `openssl rand -base64 32` makes them",
				len(strings.TrimSpace(text)), keyBytes)}
		}
		key, err := newKey(raw)
		if err != nil {
			return nil, err
		}
		k.keys = append(k.keys, key)
	}
	if len(k.keys) == 0 {
		return nil, KeyError{where, 0, "it holds no key"}
	}
	return &k, nil
}

// decode returns the 32 bytes that text stands for.
func decode(text string) ([]byte, bool) {
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == keyBytes {
		return raw, true
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := e.DecodeString(text); err == nil && len(raw) == keyBytes {
			return raw, true
		}
	}
	return nil, false
}

func read(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if len(text) > maxFile {
		return "", fmt.Errorf("%s is larger than %d bytes", file, maxFile)
	}
	return string(bytes.TrimPrefix(text, []byte("\uFEFF"))), nil
}

// makeFile makes a key file, unless another process is faster: then it returns
// false, and that one's file is the one to use.
//
// The file is complete when its name appears: it is written beside it and then
// linked, which fails if there is such a name. It is on the disk before anything
// is sealed with it.
func makeFile(file string) (made bool, err error) {
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return false, err
	}
	f, err := os.CreateTemp(folder, ".secret-*") // for its owner only
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	if err := fill(f); err != nil {
		return false, err
	}
	err = os.Link(f.Name(), file)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// A file system without links: the name appears before the key does. A
		// second process that reads in between fails, and says that there is no
		// key in the file.
		var alone *os.File
		if alone, err = os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			err = fill(alone)
		}
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case err != nil:
		return false, err
	}
	d, err := os.Open(folder)
	if err != nil {
		return true, err
	}
	return true, errors.Join(d.Sync(), d.Close())
}

// fill writes a new key to the disk, and closes f.
func fill(f *os.File) error {
	raw := make([]byte, keyBytes)
	rand.Read(raw) // never fails
	_, err := fmt.Fprintf(f, "# Seals the secrets in the database. Keep it safe, apart from the database's backups.\n# The first key seals, all open.\n%s\n",
		base64.StdEncoding.EncodeToString(raw))
	return errors.Join(err, f.Sync(), f.Close())
}
