package blob

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"gocloud.dev/blob"

	"github.com/hookswitch/hookswitch/media/wav"
)

// finish puts the header right, takes the files to where they are kept, and keeps
// the row. The note goes last: until then another try does all of it again.
func (b *Bucket) finish(ctx context.Context, object string, n note) error {
	path := b.path(object)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	sound, err := wav.RepairCall(f, info.Size())
	if err != nil {
		return fmt.Errorf("blob: %s: %w", object, err)
	}
	if b.remote {
		if err := errors.Join(b.upload(ctx, object, "audio/wav"), b.upload(ctx, peaksOf(object), "application/octet-stream")); err != nil {
			return err
		}
	}
	if err := b.rows.SetRecording(ctx, n.row(object, sound, info.Size())); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	if b.remote {
		err = errors.Join(os.Remove(path), os.Remove(b.path(peaksOf(object))))
	}
	return errors.Join(err, os.Remove(path+openSuffix))
}

// upload copies a file of the spool into the bucket, whole or not at all.
func (b *Bucket) upload(ctx context.Context, name, kind string) error {
	f, err := os.Open(b.path(name))
	if errors.Is(err, fs.ErrNotExist) && strings.HasSuffix(name, ".peaks") {
		return nil // a recording without them can still be heard
	}
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.bucket.NewWriter(ctx, name, &blob.WriterOptions{ContentType: kind})
	if err != nil {
		return fmt.Errorf("blob: upload %s: %w", name, err)
	}
	if _, err = io.Copy(w, f); err != nil {
		cancel() // closing a writer whose context ended writes nothing
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("blob: upload %s: %w", name, err)
	}
	return nil
}

// abandoned is how long a recording's file has not grown when its process is
// taken for dead. It grows every half second.
const abandoned = time.Minute

// Sweep finishes recordings that nobody works on: their process died, or what
// they are kept in did not answer. It returns how many it finished. Call it at the
// start, and every minute or so.
func (b *Bucket) Sweep(ctx context.Context, now time.Time) (int, error) {
	list, err := os.ReadDir(b.folder)
	if err != nil {
		return 0, fmt.Errorf("blob: %w", err)
	}
	done := 0
	var errs []error
	for _, e := range list {
		object, is := strings.CutSuffix(e.Name(), ".wav"+openSuffix)
		if !is || ctx.Err() != nil {
			continue
		}
		swept, err := b.sweep(ctx, object+".wav", now)
		if swept {
			done++
		}
		errs = append(errs, err)
	}
	return done, errors.Join(errs...)
}

func (b *Bucket) sweep(ctx context.Context, object string, now time.Time) (done bool, err error) {
	if !b.claim(object) {
		return false, nil
	}
	defer b.release(object)
	path := b.path(object)
	text, err := os.ReadFile(path + openSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // its own process was faster
	}
	if err != nil {
		return false, fmt.Errorf("blob: %w", err)
	}
	at := path
	info, err := os.Stat(at)
	if errors.Is(err, fs.ErrNotExist) { // died between note and file: there is no sound
		at = path + openSuffix
		info, err = os.Stat(at)
	}
	if err != nil {
		return false, fmt.Errorf("blob: %w", err)
	}
	if now.Sub(info.ModTime()) < abandoned {
		return false, nil
	}
	var n note
	if at != path || info.Size() < wav.CallHead || json.Unmarshal(text, &n) != nil || n.Call == "" {
		return false, os.Remove(path + openSuffix)
	}
	return true, b.finish(ctx, object, n)
}
