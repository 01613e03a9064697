package blob

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// Recording is the sound of one epoch of a call while it grows. It satisfies
// what agentcore asks of a call's recorder.
type Recording struct {
	b      *Bucket
	object string
	note   note
	sound  *wav.Recorder
	peaks  *os.File
	told   chan struct{} // closed when the row was begun, or could not be
	stop   context.CancelFunc
	close  sync.Once
	err    error
}

// note lies beside a recording that is not done: what a later process needs to
// finish it.
type note struct {
	Call  telephony.CallID `json:"call"`
	Epoch int              `json:"epoch"`
	Start int64            `json:"start_ms"`
}

// openSuffix ends the name of a note.
const openSuffix = ".open"

// Recording begins the recording of a call's epoch, start after the call was
// answered. It writes to a local file; its row is made beside it, so that nobody
// who answers a call waits for the database. Close it when the leg is done.
func (b *Bucket) Recording(call telephony.CallID, epoch int, start time.Duration) (_ *Recording, err error) {
	r := &Recording{b: b, object: object(call, epoch), note: note{call, epoch, start.Milliseconds()}, told: make(chan struct{})}
	if !b.claim(r.object) {
		return nil, fmt.Errorf("blob: %s grows already", r.object)
	}
	defer func() {
		if err != nil {
			b.release(r.object)
		}
	}()
	if err := r.create(); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	ctx, stop := context.WithTimeout(context.Background(), rowTimeout)
	r.stop = stop
	go func() {
		defer close(r.told)
		if err := b.rows.SetRecording(ctx, r.row(0, 0)); err != nil && ctx.Err() == nil {
			b.log.Warn("a recording's row can't be begun, it is made at its end", "call", call, "error", err)
		}
	}()
	return r, nil
}

// rowTimeout bounds the wait for a row that is being begun.
const rowTimeout = 30 * time.Second

// create makes the files: the note comes first, so that none is without one.
func (r *Recording) create() error {
	path := r.b.path(r.object)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", r.object, os.ErrExist)
	}
	n, err := json.Marshal(r.note)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+openSuffix, n, 0o600); err != nil {
		return err
	}
	peaks := r.b.path(peaksOf(r.object))
	if r.peaks, err = os.OpenFile(peaks, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return errors.Join(err, os.Remove(path+openSuffix))
	}
	if r.sound, err = wav.CreateRecorder(path, wav.RecorderConfig{Peaks: r.peaks}); err != nil {
		return errors.Join(err, r.peaks.Close(), os.Remove(peaks), os.Remove(path+openSuffix))
	}
	return nil
}

// Record keeps 20 ms of both sides; nil is silence. It neither waits nor
// allocates.
func (r *Recording) Record(caller, agent *media.Frame) { r.sound.Record(caller, agent) }

// Dropped returns how many frames are silence since the disk was too slow.
func (r *Recording) Dropped() int { return r.sound.Dropped() }

// Path is the local file that the recording grows in.
func (r *Recording) Path() string { return r.b.path(r.object) }

// Close finishes the files and the row. What fails of it is made up for by
// [Bucket.Sweep]. It may be called any number of times.
func (r *Recording) Close(ctx context.Context) error {
	r.close.Do(func() {
		defer r.b.release(r.object)
		r.err = errors.Join(r.sound.Close(), r.peaks.Close())
		r.stop()
		<-r.told
		r.err = errors.Join(r.err, r.b.finish(ctx, r.object, r.note))
	})
	return r.err
}

func (r *Recording) row(sound, size int64) storage.Recording {
	return r.note.row(r.object, sound, size)
}

// row is what is kept of a recording with sound bytes of sound in a file of size.
func (n note) row(object string, sound, size int64) storage.Recording {
	return storage.Recording{
		Call: n.Call, Epoch: n.Epoch, Object: object, Start: time.Duration(n.Start) * time.Millisecond,
		Length: wav.CallTime(sound), Bytes: size,
	}
}
