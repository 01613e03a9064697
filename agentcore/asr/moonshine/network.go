//go:build cgo

package moonshine

import (
	"errors"
	"fmt"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/resample"
)

// The network's shape.
const (
	rate      = 16000 // Hz
	heads     = 8
	width     = 36    // of a head
	scores    = 32768 // tokens that the network knows; fewer have a text
	layers    = 6
	caches    = 2 * layers // keys and values
	hidden    = "encoder_hidden_states"
	perSecond = 6.5 // tokens: nobody speaks faster
	fewest    = 6   // tokens that even the shortest utterance may have
	loudness  = .9  // peak that the network was trained with
)

// network is the loaded pair of models, shared by every decoder.
type network struct {
	encoder, decoder *ort.DynamicAdvancedSession
	in, out          []string // of the decoder; the model knows them by name, in any order
	words            *vocabulary
}

func load(rt *models.Runtime, workers int) (engines []engine, free func() error, err error) {
	n := &network{}
	if n.words, err = readVocabulary(rt.Set().Path(models.Tokens)); err != nil {
		return nil, nil, err
	}
	n.in, n.out = names()
	if n.encoder, err = rt.Session(models.Encoder, []string{"input_values"}, []string{"last_hidden_state"}); err != nil {
		return nil, nil, err
	}
	if n.decoder, err = rt.Session(models.Decoder, n.in, n.out); err != nil {
		return nil, nil, errors.Join(err, n.encoder.Destroy())
	}
	free = func() error { return errors.Join(n.encoder.Destroy(), n.decoder.Destroy()) }
	for range workers {
		d, err := newDecoder(n)
		if err != nil {
			return nil, nil, errors.Join(err, free())
		}
		engines = append(engines, d)
	}
	return engines, free, nil
}

// names are the decoder's inputs and outputs. To ask the model for them would
// load it twice.
func names() (in, out []string) {
	in, out = []string{"input_ids", hidden}, []string{"logits"}
	for l := range layers {
		for _, cache := range []string{"decoder.key", "decoder.value", "encoder.key", "encoder.value"} {
			in = append(in, fmt.Sprintf("past_key_values.%d.%s", l, cache))
			out = append(out, fmt.Sprintf("present.%d.%s", l, cache))
		}
	}
	return append(in, "use_cache_branch"), out
}

// decoder is what one recognition at a time works with. Its memory is kept from
// one to the next: the cache of keys and values is half of all that is moved.
type decoder struct {
	*network
	up     *resample.Resampler
	sound  []float32 // at 16 kHz
	scores []float32

	// The cache of what was said grows by a row with each token: the network
	// reads one of the pair and writes the other.
	said [2][caches][]float32
	// The cache of what was heard is written once an utterance.
	heard [caches][]float32

	logits ort.Value
	none   ort.Value // an empty cache
	yes    ort.Value // use the cache
	no     ort.Value
	values []ort.Value // freed with the decoder
}

func newDecoder(n *network) (*decoder, error) {
	up, err := resample.New(media.Rate, rate)
	if err != nil {
		return nil, err
	}
	d := &decoder{network: n, up: up, scores: make([]float32, scores)}
	keep := func(v ort.Value, e error) ort.Value {
		if e != nil {
			err = errors.Join(err, e)
			return nil
		}
		d.values = append(d.values, v)
		return v
	}
	d.logits = keep(tensor(d.scores, 1, 1, scores))
	d.none = keep(tensor([]float32{}, 0, heads, 1, width))
	d.yes = keep(flag(1))
	d.no = keep(flag(0))
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// tensor and flag give plain nil with an error, so that a caller can't mistake
// a typed nil for a value.
func tensor[T ort.TensorData](memory []T, shape ...int64) (ort.Value, error) {
	t, err := ort.NewTensor(ort.NewShape(shape...), memory)
	if err != nil {
		return nil, err
	}
	return t, nil
}

func flag(b byte) (ort.Value, error) {
	t, err := ort.NewCustomDataTensor(ort.NewShape(1), []byte{b}, ort.TensorElementDataTypeBool)
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (d *decoder) close() error { return free(d.values) }

func free(values []ort.Value) (err error) {
	for _, v := range values {
		err = errors.Join(err, v.Destroy())
	}
	return err
}

// prepare brings pcm to the network's rate and loudness.
func (d *decoder) prepare(pcm []int16) {
	d.up.Reset()
	d.sound = d.up.ProcessFloat(d.sound[:0], pcm)
	peak := float32(0)
	for _, x := range d.sound {
		peak = max(peak, x, -x)
	}
	if peak == 0 {
		return
	}
	for i := range d.sound {
		d.sound[i] *= loudness / peak
	}
}

// transcribe implements [engine].
func (d *decoder) transcribe(pcm []int16, x *expected, stop func() bool) (h heard, err error) {
	d.prepare(pcm)
	features, err := d.encode()
	if err != nil {
		return heard{}, fmt.Errorf("encoder: %w", err)
	}
	defer func() { err = errors.Join(err, features.Destroy()) }()
	most := max(fewest, int(perSecond*float64(len(d.sound))/rate))
	u := &utterance{decoder: d, features: features, expected: x, last: startToken}
	defer func() { err = errors.Join(err, u.close()) }()
	for len(u.tokens) < most {
		if stop() {
			return heard{}, errStopped
		}
		more, err := u.step()
		if err != nil {
			return heard{}, fmt.Errorf("decoder: %w", err)
		}
		if !more {
			break
		}
	}
	return heard{d.words.text(u.tokens), u.confidence()}, nil
}

// encode turns the sound into features, 42 rows a second.
func (d *decoder) encode() (ort.Value, error) {
	in, err := tensor(d.sound, 1, int64(len(d.sound)))
	if err != nil {
		return nil, err
	}
	defer in.Destroy()
	out := []ort.Value{nil}
	if err := d.encoder.Run([]ort.Value{in}, out); err != nil {
		return nil, err
	}
	return out[0], nil
}
