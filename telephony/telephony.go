// Package telephony defines what the rest of the gateway knows about a phone
// call, whichever carrier it came through.
package telephony

import (
	"context"
	"errors"

	"github.com/hookswitch/hookswitch/media"
)

// Kind says what a [Leg] received.
type Kind uint8

const (
	Audio   Kind = iota + 1 // a frame of the far end's voice
	Digit                   // a DTMF key; Event.Digit holds it
	Played                  // everything written before Event.Mark was heard
	Dropped                 // Event.Mark was open at a Clear: what it closed may not have been heard
)

// Event is one thing the far end sent.
type Event struct {
	Kind  Kind
	Digit byte   // '0'-'9', 'A'-'D', '*' or '#'; set for Digit
	Mark  uint32 // the number given to Leg.Mark; set for Played and Dropped
}

// ErrLost is what [Leg.Next] wraps when the far end's stream stopped or broke.
// The leg is of no more use, but the call may go on: only the carrier knows.
var ErrLost = errors.New("telephony: the line to the carrier is lost")

// ErrStopped is what [Leg.Next] wraps beside [ErrLost] when the far end itself
// brought the stream to its end: nothing broke.
var ErrStopped = errors.New("telephony: the carrier stopped the stream")

// Leg is one live stream of audio between a call and the gateway.
//
// One goroutine calls Next; one (maybe another) calls Write, Mark and Clear.
// Hangup may be called from anywhere, any number of times.
type Leg interface {
	// Next blocks until the far end sends something. For Audio it has filled f.
	// It returns [io.EOF] after Hangup, and an error that wraps [ErrLost] when
	// the stream stopped or broke, and [ErrStopped] when it stopped.
	Next(f *media.Frame) (Event, error)

	// Write queues f behind what the caller is hearing. f is lent.
	Write(f *media.Frame) error

	// Mark asks for a Played event when everything written so far was heard.
	Mark(id uint32) error

	// Clear drops what was written but not yet heard. Marks that are open now
	// come back as Dropped, never as Played.
	Clear() error

	// Hangup lets go of the stream and unblocks Next. The call itself ends
	// when the carrier then asks what is next ([Desk.Next]).
	Hangup(ctx context.Context) error
}

// Ears are a stream of what both sides of a call say, without a say in it: the
// caller is with somebody else.
//
// One goroutine calls Next; Close may be called from anywhere, any number of
// times.
type Ears interface {
	// Next waits for the next 20 ms of both sides, and fills the frames. Who is
	// not heard is silent. It returns [io.EOF] after Close and when the carrier
	// stopped the stream, and an error that wraps [ErrLost] when that broke.
	Next(caller, other *media.Frame) error

	// Close lets go of the stream and unblocks Next.
	Close() error
}

// Handler talks on leg. It returns when this node is done with the leg; whether
// the call is over is another matter, and recorded elsewhere.
type Handler func(ctx context.Context, call Call, leg Leg) error
