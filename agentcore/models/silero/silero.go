//go:build cgo

package silero

import (
	"errors"
	"fmt"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

// The model's shape at 8 kHz: each run takes 256 samples, 32 ms, after the last
// 32 of the run before, and hands a state of 2 x 128 on to the next.
const (
	window  = 256
	context = 32
	state   = 2 * 1 * 128
)

// Model is the loaded detector network. It is used by many calls at once.
type Model struct {
	session *ort.DynamicAdvancedSession
}

// Load reads the model. The Model must be closed before rt is.
func Load(rt *models.Runtime) (*Model, error) {
	s, err := rt.Session(models.Silero, []string{"input", "state", "sr"}, []string{"output", "stateN"})
	if err != nil {
		return nil, err
	}
	return &Model{s}, nil
}

// Close frees the model. Its detectors must have been closed.
func (m *Model) Close() error { return m.session.Destroy() }

// Detector hears one call. It is used by one goroutine.
type Detector struct {
	model *Model
	*memory
	fill  int     // samples in input
	score float32 // of the last whole window

	// The network writes its new state beside the old one; the two bindings
	// take turns in which is which, so that a run moves and allocates nothing.
	turn   [2]*ort.IoBinding
	now    int
	values []ort.Value
}

// memory is what the network reads and writes. It holds no pointers, so that C
// may be shown it.
type memory struct {
	input  [context + window]float32
	states [2][state]float32
	output [1]float32
}

var _ vad.Detector = (*Detector)(nil)

// New is a detector for one call, which must be closed.
func (m *Model) New() (*Detector, error) {
	d := &Detector{model: m, fill: context, memory: &memory{}}
	if err := d.bind(); err != nil {
		d.Close()
		return nil, fmt.Errorf("silero: %w", err)
	}
	return d, nil
}

// bind tells the runtime once where everything lies.
func (d *Detector) bind() error {
	input, err := keep(d, ort.NewShape(1, context+window), d.input[:])
	if err != nil {
		return err
	}
	rate, err := ort.NewScalar[int64](media.Rate)
	if err != nil {
		return err
	}
	d.values = append(d.values, rate)
	output, err := keep(d, ort.NewShape(1, 1), d.output[:])
	if err != nil {
		return err
	}
	var states [2]ort.Value
	for i := range states {
		if states[i], err = keep(d, ort.NewShape(2, 1, 128), d.states[i][:]); err != nil {
			return err
		}
	}
	for i := range d.turn {
		b, err := d.model.session.CreateIoBinding()
		if err != nil {
			return err
		}
		d.turn[i] = b
		if err := errors.Join(b.BindInput("input", input), b.BindInput("sr", rate), b.BindInput("state", states[i]),
			b.BindOutput("output", output), b.BindOutput("stateN", states[1-i])); err != nil {
			return err
		}
	}
	return nil
}

// keep makes a tensor over memory of d, freed by Close.
func keep(d *Detector, shape ort.Shape, memory []float32) (ort.Value, error) {
	t, err := ort.NewTensor(shape, memory)
	if err != nil {
		return nil, err
	}
	d.values = append(d.values, t)
	return t, nil
}

// Speech returns the score of the latest window that is whole: a frame of 20 ms
// completes one window of 32 ms in five out of eight times, and repeats the
// last score in the others. A window that the runtime fails to judge counts as
// speech: to hear a noise is better than to miss a caller.
func (d *Detector) Speech(f *media.Frame) float32 {
	for rest := f[:]; len(rest) > 0; {
		n := min(len(rest), len(d.input)-d.fill)
		for i, s := range rest[:n] {
			d.input[d.fill+i] = float32(s) / 32768
		}
		rest, d.fill = rest[n:], d.fill+n
		if d.fill == len(d.input) {
			d.judge()
		}
	}
	return d.score
}

func (d *Detector) judge() {
	d.score = 1
	if d.model.session.RunWithBinding(d.turn[d.now]) == nil {
		d.score = d.output[0]
	}
	d.now = 1 - d.now
	copy(d.input[:context], d.input[window:])
	d.fill = context
}

// Close frees what the detector holds.
func (d *Detector) Close() error {
	var errs []error
	for i, b := range d.turn {
		if b != nil {
			errs = append(errs, b.Destroy())
			d.turn[i] = nil
		}
	}
	for _, v := range d.values {
		errs = append(errs, v.Destroy())
	}
	d.values = nil
	return errors.Join(errs...)
}
