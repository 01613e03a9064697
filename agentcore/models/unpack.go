package models

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// mostUnpacked bounds what one tarball may unpack to, in bytes. The largest of
// the manifest has about 60 MB.
const mostUnpacked = 256 << 20

// unpack takes the pack's files out of its tarball into dir. Names in the
// tarball are only compared with the manifest's, so that none can point
// elsewhere; anything else is skipped.
func (p pack) unpack(ctx context.Context, tarball, dir string) error {
	r, err := os.Open(tarball)
	if err != nil {
		return disk(tarball, err)
	}
	defer r.Close()
	broken := func(err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if path := new(fs.PathError); errors.As(err, &path) {
			return disk(path.Path, err)
		}
		return &Error{Op: "pull", Kind: ErrDigest, Package: p.spec(), Want: p.sum, Err: err}
	}
	z, err := gzip.NewReader(reader{ctx, r})
	if err != nil {
		return broken(err)
	}
	left := len(p.files)
	for t := tar.NewReader(io.LimitReader(z, mostUnpacked)); left > 0; {
		head, err := t.Next()
		if err != nil {
			return broken(err)
		}
		f, ok := p.find(head)
		if !ok {
			continue
		}
		if err := f.write(t, filepath.Join(dir, f.name)); err != nil {
			return broken(err)
		}
		left--
	}
	return nil
}

func (p pack) find(head *tar.Header) (file, bool) {
	for _, f := range p.files {
		if head.Typeflag == tar.TypeReg && head.Name == f.inside {
			return f, true
		}
	}
	return file{}, false
}

// write keeps what r holds at path, edited as the manifest says, and on the
// disk before it returns.
func (f file) write(r io.Reader, path string) error {
	if f.edit != nil {
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if b, err = f.edit(b); err != nil {
			return err
		}
		r = bytes.NewReader(b)
	}
	w, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.LimitReader(r, f.size+1))
	return errors.Join(err, w.Sync(), w.Close())
}

// tokenTable takes the token table out of llama-tokenizer.js, where it is a
// base64 constant: one token a line.
func tokenTable(script []byte) ([]byte, error) {
	const name = `llama_vocab_base64 = "`
	_, rest, ok := bytes.Cut(script, []byte(name))
	if !ok {
		return nil, errors.New("the script has no token table")
	}
	constant, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return nil, errors.New("the script's token table has no end")
	}
	table := make([]byte, base64.StdEncoding.DecodedLen(len(constant)))
	n, err := base64.StdEncoding.Decode(table, constant)
	if err != nil {
		return nil, fmt.Errorf("token table: %w", err)
	}
	return table[:n], nil
}
