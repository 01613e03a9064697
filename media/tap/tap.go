// Package tap lets others listen to a call: both sides, frame by frame, without
// the call noticing. Who does not read in time loses frames, never the call.
package tap

import (
	"context"

	"github.com/hookswitch/hookswitch/media"
)

// Tap is where both sides of a call pass by. The zero Tap is ready.
type Tap struct{}

// Record gives 20 ms of both sides to whoever listens. It copies, never blocks,
// and costs next to nothing when nobody does. One goroutine at a time calls it.
func (t *Tap) Record(caller, agent *media.Frame) {}

// Listen begins to listen. The ear holds a second and a half of sound for who is
// slow.
func (t *Tap) Listen() *Ear { return nil }

// Close ends all ears.
func (t *Tap) Close() {}

// Ear is one listener's.
type Ear struct{}

// Next waits for the next 20 ms. It fails with [io.EOF] when the tap or the ear
// is closed and all was read, or with ctx's cause.
func (e *Ear) Next(ctx context.Context, caller, agent *media.Frame) error { return nil }

// Lost is how many frames came while nobody read.
func (e *Ear) Lost() int64 { return 0 }

// Close ends the listening. It may be called more than once, and from anywhere.
func (e *Ear) Close() {}
