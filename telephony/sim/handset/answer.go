package handset

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Answer is how a phone reacts when it rings. The zero Answer picks up at once.
type Answer struct {
	Kind  AnswerKind
	After time.Duration // until the reaction, counted from the first ring. Default 0
}

// AnswerKind is one way to react to ringing.
type AnswerKind uint8

const (
	PicksUp     AnswerKind = iota
	Busy                   // SIP 486
	NoAnswer               // rings until the carrier gives up: SIP 487
	Rejects                // declined by hand: SIP 603, which carriers report as busy
	Unreachable            // no such phone: SIP 404
)

// Voice turns text into audio. It is called before a call begins, never from
// [Handset.Tick]. The frames are the caller's to keep.
type Voice func(ctx context.Context, text string) ([]media.Frame, error)
