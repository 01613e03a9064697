// Package vad says whether someone speaks in a frame of audio, and when they
// began, paused and finished.
package vad

import "github.com/hookswitch/hookswitch/media"

// Detector judges the audio of one call, frame after frame. It is used by one
// goroutine and must not allocate.
type Detector interface {
	// Speech returns the probability, 0 to 1, that f holds speech. f is lent.
	Speech(f *media.Frame) float32
	// Close frees what the detector holds. The detector is not used again.
	Close() error
}
