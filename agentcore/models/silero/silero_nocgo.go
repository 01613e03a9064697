//go:build !cgo

package silero

import (
	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/media"
)

// Model can't be loaded in a build without cgo.
type Model struct{}

// Load fails with [models.ErrNoRuntime].
func Load(*models.Runtime) (*Model, error) {
	return nil, &models.Error{Op: "start", Kind: models.ErrNoRuntime, Label: "silero voice detector"}
}

// Close does nothing.
func (m *Model) Close() error { return nil }

// New fails with [models.ErrNoRuntime].
func (m *Model) New() (*Detector, error) {
	return nil, &models.Error{Op: "start", Kind: models.ErrNoRuntime, Label: "silero voice detector"}
}

// Detector can't be made in a build without cgo.
type Detector struct{}

// Speech is never called.
func (d *Detector) Speech(*media.Frame) float32 { return 0 }

// Close does nothing.
func (d *Detector) Close() error { return nil }
