// Package blob keeps recordings: in a folder, or in a bucket of S3. A recording
// is a WAV file for each epoch of its call, and a file of peaks beside it.
package blob

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // s3://

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// Rows keeps which recordings there are. [storage.DB] is one.
type Rows interface {
	SetRecording(ctx context.Context, r storage.Recording) error
	Recordings(ctx context.Context, id telephony.CallID) ([]storage.Recording, error)
}

// Config says where recordings are kept.
type Config struct {
	URL   string       // a folder's path, file:///folder, or s3://bucket?region=...; a folder is made. Required.
	Spool string       // the folder in which a recording for s3 grows until its leg is done. Required for s3
	Rows  Rows         // Required.
	Log   *slog.Logger // nil discards
}

// Bucket is where recordings are kept.
type Bucket struct {
	bucket *blob.Bucket
	folder string // where files grow
	remote bool   // files are moved from folder to bucket
	rows   Rows
	log    *slog.Logger

	mu   sync.Mutex
	busy map[string]bool // objects that this process is about
}

// URLError says that an address of recordings cannot be used, and why. It does
// not repeat the address, whose query may hold a credential.
type URLError struct{ Why string }

func (e URLError) Error() string { return "blob: address of recordings: " + e.Why }

// Open opens the bucket. An address that can't be used is a [URLError].
func Open(ctx context.Context, c Config) (*Bucket, error) {
	if c.Rows == nil {
		return nil, errors.New("blob: Config.Rows is required")
	}
	folder, remote, err := place(c)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	var b *blob.Bucket
	if remote {
		if b, err = blob.OpenBucket(ctx, c.URL); err != nil {
			return nil, URLError{"it can't be opened as a bucket of S3: see gocloud.dev/howto/blob for its form"}
		}
	} else if b, err = fileblob.OpenBucket(folder, &fileblob.Options{Metadata: fileblob.MetadataDontWrite}); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return newBucket(b, folder, remote, c), nil
}

func newBucket(b *blob.Bucket, folder string, remote bool, c Config) *Bucket {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Bucket{bucket: b, folder: folder, remote: remote, rows: c.Rows, log: c.Log, busy: map[string]bool{}}
}

// place is the folder in which recordings grow.
func place(c Config) (folder string, remote bool, err error) {
	switch {
	case c.URL == "":
		return "", false, URLError{"it is empty"}
	case !strings.Contains(c.URL, "://"):
		return c.URL, false, nil
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return "", false, URLError{"it is malformed"}
	case u.Scheme == "file" && (u.Host != "" && u.Host != "localhost" || u.Path == ""):
		return "", false, URLError{"file:// is followed by an absolute path: file:///var/lib/hookswitch/recordings"}
	case u.Scheme == "file":
		return filepath.FromSlash(u.Path), false, nil
	case u.Scheme != "s3":
		return "", false, URLError{fmt.Sprintf("%.20q is no kind of bucket that is known: a folder, file:// or s3://", u.Scheme)}
	case c.Spool == "":
		return "", true, URLError{"s3:// needs a folder in which recordings grow"}
	}
	return c.Spool, true, nil
}

// Close lets go of the bucket. Recordings that grow are closed before.
func (b *Bucket) Close() error { return b.bucket.Close() }

// object names the recording of an epoch. Calls have odd names in tests only.
func object(call telephony.CallID, epoch int) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, string(call))
	if epoch > 1 {
		name = fmt.Sprintf("%s-%d", name, epoch)
	}
	return name + ".wav"
}

// peaksOf names the peaks beside an object.
func peaksOf(object string) string { return strings.TrimSuffix(object, ".wav") + ".peaks" }

// claim reports whether this process was not about object, and is now.
func (b *Bucket) claim(object string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.busy[object]
	b.busy[object] = true
	return !was
}

func (b *Bucket) release(object string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.busy, object)
}

func (b *Bucket) path(name string) string { return filepath.Join(b.folder, name) }
