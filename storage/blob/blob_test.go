package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"gocloud.dev/blob/memblob"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// book keeps rows in memory.
type book struct {
	mu   sync.Mutex
	rows map[telephony.CallID]map[int]storage.Recording
	down bool
}

var errDown = errors.New("no database")

func (b *book) SetRecording(_ context.Context, r storage.Recording) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return errDown
	}
	if b.rows == nil {
		b.rows = map[telephony.CallID]map[int]storage.Recording{}
	}
	if b.rows[r.Call] == nil {
		b.rows[r.Call] = map[int]storage.Recording{}
	}
	b.rows[r.Call][r.Epoch] = r
	return nil
}

func (b *book) Recordings(_ context.Context, id telephony.CallID) ([]storage.Recording, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []storage.Recording
	for _, r := range b.rows[id] {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b storage.Recording) int { return a.Epoch - b.Epoch })
	return all, nil
}

// kinds are a folder, and what stands for a bucket of S3.
var kinds = map[string]func(t *testing.T, rows *book) *Bucket{
	"folder": func(t *testing.T, rows *book) *Bucket {
		b, err := Open(t.Context(), Config{URL: "file://" + filepath.ToSlash(filepath.Join(t.TempDir(), "recordings")), Rows: rows})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		return b
	},
	"bucket": func(t *testing.T, rows *book) *Bucket {
		b := newBucket(memblob.OpenBucket(nil), t.TempDir(), true, Config{Rows: rows})
		t.Cleanup(func() { b.Close() })
		return b
	},
}

func each(t *testing.T, check func(t *testing.T, b *Bucket, rows *book)) {
	for name, open := range kinds {
		t.Run(name, func(t *testing.T) {
			rows := new(book)
			check(t, open(t, rows), rows)
		})
	}
}

// say is a frame of one loudness.
func say(loud int16) *media.Frame {
	var f media.Frame
	for i := range f {
		f[i] = loud
	}
	return &f
}

// record records n frames of a loudness.
func record(t *testing.T, b *Bucket, epoch int, start time.Duration, n int, loud int16) *Recording {
	t.Helper()
	r, err := b.Recording("call_1", epoch, start)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		r.Record(say(loud), say(-loud))
	}
	return r
}

func whole(t *testing.T, b *Bucket) []byte {
	t.Helper()
	s, err := b.Sound(t.Context(), "call_1")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all, err := io.ReadAll(s)
	if err != nil || int64(len(all)) != s.Size() {
		t.Fatalf("%d bytes of %d, %v", len(all), s.Size(), err)
	}
	return all
}

func TestPartsOfACallAreOneFileWithSilenceBetween(t *testing.T) {
	each(t, func(t *testing.T, b *Bucket, rows *book) {
		for _, r := range []*Recording{record(t, b, 1, 0, 50, 1000), record(t, b, 2, 1500*time.Millisecond, 25, 2000)} {
			if err := r.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(t.Context()); err != nil {
				t.Errorf("Close() again = %v", err)
			}
		}
		a, err := wav.Parse(whole(t, b))
		if err != nil || a.Duration() != 2*time.Second {
			t.Fatalf("the whole lasts %v, %v, want 2s", a.Duration(), err)
		}
		caller, agent := a.Channel(0), a.Channel(1)
		for ms, want := range map[int]int16{0: 1000, 999: 1000, 1001: 0, 1499: 0, 1501: 2000, 1999: 2000} {
			if got := caller[ms*8]; got < want-40 || got > want+40 {
				t.Errorf("at %d ms the caller is at %d, want about %d", ms, got, want)
			}
			if got := agent[ms*8]; got < -want-40 || got > -want+40 {
				t.Errorf("at %d ms the agent is at %d, want about %d", ms, got, -want)
			}
		}
		p, err := b.Peaks(t.Context(), "call_1")
		if err != nil || len(p[0]) != 200 || p[0][10].Max < 2 || p[0][120].Max != 0 || p[1][180].Min > -6 {
			t.Errorf("Peaks() = %d peaks, %v", len(p[0]), err)
		}
		if left, _ := filepath.Glob(filepath.Join(b.folder, "*"+openSuffix)); left != nil {
			t.Errorf("notes are left: %v", left)
		}
		if left, _ := os.ReadDir(b.folder); b.remote && len(left) > 0 {
			t.Errorf("the spool holds %v after the upload", left)
		}
		if r, _ := rows.Recordings(t.Context(), "call_1"); len(r) != 2 || r[0].Length != time.Second || r[1].Start != 1500*time.Millisecond || r[0].Bytes != wav.CallHead+16_000 {
			t.Errorf("rows are %+v", r)
		}
	})
}

func TestAnyRangeIsThatOfTheWhole(t *testing.T) {
	each(t, func(t *testing.T, b *Bucket, _ *book) {
		for _, r := range []*Recording{record(t, b, 1, 40*time.Millisecond, 30, 1000), record(t, b, 2, 400*time.Millisecond, 7, 2000)} {
			if err := r.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		all := whole(t, b)
		s, err := b.Sound(t.Context(), "call_1")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		rnd := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			from := rnd.IntN(len(all))
			n := rnd.IntN(len(all) - from + 1)
			if _, err := s.Seek(int64(from), io.SeekStart); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, n)
			if _, err := io.ReadFull(s, got); err != nil || !bytes.Equal(got, all[from:from+n]) {
				t.Fatalf("bytes %d to %d are not those of the whole, %v", from, from+n, err)
			}
		}
	})
}

func TestPartThatRanOnGivesWayToTheNext(t *testing.T) {
	each(t, func(t *testing.T, b *Bucket, _ *book) {
		for _, r := range []*Recording{record(t, b, 1, 0, 100, 1000), record(t, b, 2, time.Second, 25, 2000)} {
			if err := r.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		a, err := wav.Parse(whole(t, b))
		if err != nil || a.Duration() != 1500*time.Millisecond || a.Channel(0)[8*1100] < 1900 {
			t.Errorf("the whole lasts %v, %v, at 1.1 s it is at %d", a.Duration(), err, a.Channel(0)[8*1100])
		}
	})
}

func TestRecordingOfAProcessThatDiedIsSweptUp(t *testing.T) {
	each(t, func(t *testing.T, b *Bucket, rows *book) {
		dead := record(t, b, 1, 0, 50, 1000)
		dead.sound.Close() // its bytes are on disk, nothing else was done
		dead.peaks.Close()
		dead.stop()
		<-dead.told
		b.release(dead.object) // as in a new process
		f, err := os.OpenFile(dead.Path(), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{0xFF, 0xFF, 0xFF, 0xFF}, 54); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if n, err := b.Sweep(t.Context(), time.Now()); n != 0 || err != nil {
			t.Errorf("Sweep(while it may grow) = %d, %v, want 0", n, err)
		}
		if n, err := b.Sweep(t.Context(), time.Now().Add(2*abandoned)); n != 1 || err != nil {
			t.Errorf("Sweep() = %d, %v, want 1", n, err)
		}
		if r, _ := rows.Recordings(t.Context(), "call_1"); len(r) != 1 || r[0].Length != time.Second {
			t.Errorf("rows are %+v", r)
		}
		if a, err := wav.Parse(whole(t, b)); err != nil || a.Duration() != time.Second {
			t.Errorf("it lasts %v, %v", a.Duration(), err)
		}
		if n, err := b.Sweep(t.Context(), time.Now().Add(2*abandoned)); n != 0 || err != nil {
			t.Errorf("Sweep(again) = %d, %v, want 0", n, err)
		}
	})
}

func TestNotesOfNothingAreRemoved(t *testing.T) {
	b := kinds["folder"](t, new(book))
	for name, text := range map[string]string{"a.wav.open": `{"call":"a"}`, "b.wav.open": "damaged", "b.wav": "short"} {
		if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.Sweep(t.Context(), time.Now().Add(2*abandoned)); n != 0 || err != nil {
		t.Errorf("Sweep() = %d, %v", n, err)
	}
	if left, _ := filepath.Glob(b.path("*.open")); left != nil {
		t.Errorf("notes are left: %v", left)
	}
}

func TestRecordingOutlivesADatabaseThatIsGone(t *testing.T) {
	each(t, func(t *testing.T, b *Bucket, rows *book) {
		rows.down = true
		r := record(t, b, 1, 0, 50, 1000)
		if err := r.Close(t.Context()); !errors.Is(err, errDown) {
			t.Errorf("Close() = %v, want %v", err, errDown)
		}
		rows.mu.Lock()
		rows.down = false
		rows.mu.Unlock()
		if n, err := b.Sweep(t.Context(), time.Now().Add(2*abandoned)); n != 1 || err != nil {
			t.Errorf("Sweep() = %d, %v, want 1", n, err)
		}
		if a, err := wav.Parse(whole(t, b)); err != nil || a.Duration() != time.Second {
			t.Errorf("it lasts %v, %v", a.Duration(), err)
		}
	})
}

func TestRecordingIsHeardWhileItGrows(t *testing.T) {
	rows := new(book)
	b := kinds["folder"](t, rows)
	r := record(t, b, 1, 0, 50, 1000)
	<-r.told
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		s, err := b.Sound(t.Context(), "call_1")
		if err == nil && s.Length() == time.Second {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing is heard of a recording that grows: %v", err)
		}
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestNothingRecorded(t *testing.T) {
	each(t, func(t *testing.T, b *Bucket, _ *book) {
		if _, err := b.Sound(t.Context(), "call_1"); !errors.Is(err, ErrNone) {
			t.Errorf("Sound() = %v, want ErrNone", err)
		}
		if _, err := b.Peaks(t.Context(), "call_1"); !errors.Is(err, ErrNone) {
			t.Errorf("Peaks() = %v, want ErrNone", err)
		}
	})
}

func TestTwoDoNotRecordOneEpoch(t *testing.T) {
	each(t, func(t *testing.T, b *Bucket, _ *book) {
		r := record(t, b, 1, 0, 1, 1)
		if _, err := b.Recording("call_1", 1, 0); err == nil {
			t.Error("a second recording of one epoch was begun")
		}
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Recording("call_1", 1, 0); !b.remote && !errors.Is(err, os.ErrExist) {
			t.Errorf("a recording is written over: %v", err)
		}
	})
}

func TestFramesCostNoAllocation(t *testing.T) {
	b := kinds["folder"](t, new(book))
	r := record(t, b, 1, 0, 500, 1)
	f := say(3)
	if n := testing.AllocsPerRun(500, func() { r.Record(f, f) }); n != 0 {
		t.Errorf("a frame costs %v allocations, want 0", n)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAddresses(t *testing.T) {
	dir := t.TempDir()
	for _, url := range []string{filepath.Join(dir, "plain"), "file://" + filepath.ToSlash(filepath.Join(dir, "a", "b"))} {
		b, err := Open(t.Context(), Config{URL: url, Rows: new(book)})
		if err != nil {
			t.Errorf("Open(%s) = %v", url, err)
			continue
		}
		if info, err := os.Stat(b.folder); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the folder of %s: %v, %v, want 0700", url, info, err)
		}
		b.Close()
	}
	for _, url := range []string{"", "ftp://secret@host/x", "file://", "file://host/x", "s3://bucket?secret=1", "s3://%zz"} {
		_, err := Open(t.Context(), Config{URL: url, Rows: new(book)})
		var wrong URLError
		if !errors.As(err, &wrong) || bytes.Contains([]byte(err.Error()), []byte("secret")) {
			t.Errorf("Open(%s) = %v, want a URLError that repeats nothing", url, err)
		}
	}
	if _, err := Open(t.Context(), Config{URL: "s3://bucket?nonsense=1", Spool: dir, Rows: new(book)}); err == nil {
		t.Error("an address of S3 with an unknown setting was opened")
	}
}
