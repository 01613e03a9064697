package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// present looks whether the file is there and has its size.
func (f file) present(dir string) error {
	path := filepath.Join(dir, f.name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Error{Op: "open", Kind: ErrMissing, File: path, Label: f.label}
	case err != nil:
		return &Error{Op: "open", Kind: ErrDisk, File: path, Label: f.label, Err: err}
	case info.Size() != f.size:
		return &Error{Op: "open", Kind: ErrDigest, File: path, Label: f.label, Want: f.sum}
	}
	return nil
}

// verify reads the file and compares its digest.
func (f file) verify(ctx context.Context, dir string) error {
	if err := f.present(dir); err != nil {
		return err
	}
	path := filepath.Join(dir, f.name)
	found, err := digest(ctx, path)
	if err != nil {
		return &Error{Op: "verify", Kind: ErrDisk, File: path, Label: f.label, Err: err}
	}
	if found != f.sum {
		return &Error{Op: "verify", Kind: ErrDigest, File: path, Label: f.label, Want: f.sum, Found: found}
	}
	return nil
}

// digest is the sha256 of the file, in hexadecimal.
func digest(ctx context.Context, path string) (string, error) {
	r, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, reader{ctx, r}); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
