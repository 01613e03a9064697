//go:build cgo

package moonshine

import (
	"errors"
	"fmt"
	"math"
	"strings"

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

// utterance is one decoding in progress.
type utterance struct {
	*decoder
	features ort.Value
	expected *expected
	place    int // in expected
	tokens   []int64
	last     int64
	log      float64 // sum of the tokens' logarithmic likelihood
	said     [caches]ort.Value
	heard    [caches]ort.Value
}

func (u *utterance) close() error {
	var all []ort.Value
	for i := range caches {
		for _, v := range []ort.Value{u.said[i], u.heard[i]} {
			if v != nil {
				all = append(all, v)
			}
		}
	}
	return free(all)
}

// step finds the next token, or that there is none.
func (u *utterance) step() (more bool, err error) {
	n := len(u.tokens)
	id, err := tensor([]int64{u.last}, 1, 1)
	if err != nil {
		return false, err
	}
	defer id.Destroy()
	next, err := u.grow(n)
	if err != nil {
		return false, err
	}
	if err := u.decoder.decoder.Run(u.inputs(id), u.outputs(n, next)); err != nil {
		return false, errors.Join(err, free(next[:]))
	}
	for i, v := range u.said {
		if v != nil {
			v.Destroy()
		}
		u.said[i] = next[i]
	}
	token := u.choose(n)
	if token == endToken {
		return false, nil
	}
	u.tokens = append(u.tokens, token)
	u.last = token
	return true, nil
}

// grow makes the tensors that the network writes its longer cache to, and
// before the first token also those of what was heard.
func (u *utterance) grow(n int) (next [caches]ort.Value, err error) {
	rows := n + 1
	for i := range caches {
		memory := &u.decoder.said[rows%2][i]
		*memory = sized(*memory, rows*heads*width)
		if next[i], err = tensor(*memory, 1, heads, int64(rows), width); err != nil {
			return next, errors.Join(err, free(next[:i]))
		}
	}
	if n > 0 {
		return next, nil
	}
	rows = int(u.features.(*ort.Tensor[float32]).GetShape()[1])
	for i := range caches {
		memory := &u.decoder.heard[i]
		*memory = sized(*memory, rows*heads*width)
		if u.heard[i], err = tensor(*memory, 1, heads, int64(rows), width); err != nil {
			return next, errors.Join(err, free(next[:]))
		}
	}
	return next, nil
}

func sized(memory []float32, n int) []float32 {
	if n > cap(memory) {
		return make([]float32, n, n*3/2)
	}
	return memory[:n]
}

// inputs are in the order of u.in.
func (u *utterance) inputs(id ort.Value) []ort.Value {
	in := make([]ort.Value, 0, len(u.in))
	said, heard := 0, 0
	for _, name := range u.in {
		v := u.features
		switch {
		case name == "input_ids":
			v = id
		case name == hidden:
		case name == "use_cache_branch" && len(u.tokens) == 0:
			v = u.no
		case name == "use_cache_branch":
			v = u.yes
		case len(u.tokens) == 0:
			v = u.none
		case strings.Contains(name, "decoder"):
			v = u.said[said]
			said++
		default:
			v = u.heard[heard]
			heard++
		}
		in = append(in, v)
	}
	return in
}

// outputs are in the order of u.out, whose caches are in that of u.in. With the cache
// in use, the network hands back an empty one of what was heard.
func (u *utterance) outputs(n int, next [caches]ort.Value) []ort.Value {
	out := make([]ort.Value, 0, len(u.out))
	said, heard := 0, 0
	for _, name := range u.out {
		switch {
		case name == "logits":
			out = append(out, u.logits)
		case strings.Contains(name, "decoder"):
			out = append(out, next[said])
			said++
		case n == 0:
			out = append(out, u.heard[heard])
			heard++
		default:
			out = append(out, u.none)
		}
	}
	return out
}

// choose takes the likeliest token that is allowed. The first may not be the
// end: the network says so too easily, above all to the sound of a telephone.
func (u *utterance) choose(n int) int64 {
	best, place := int64(endToken), 0
	top := float32(math.Inf(-1))
	for t, score := range u.scores[:len(u.words.tokens)] {
		if score <= top {
			continue
		}
		if to, ok := u.allowed(n, t); ok {
			best, place, top = int64(t), to, score
		}
	}
	u.place = place
	if best != endToken {
		u.log += u.likelihood(top)
	}
	return best
}

func (u *utterance) allowed(n, t int) (place int, ok bool) {
	switch {
	case t == endToken:
		return u.place, n > 0 && (u.expected == nil || u.expected.done(u.place))
	case t <= endToken:
		return 0, false
	case u.expected == nil:
		return 0, true
	}
	place = u.expected.step(u.place, u.words.lower[t])
	return place, place != nowhere
}

// likelihood is the logarithm of the share that score has among all. Scores far
// below it add nothing.
func (u *utterance) likelihood(score float32) float64 {
	sum := 0.
	for _, s := range u.scores {
		if d := s - score; d > -12 {
			sum += math.Exp(float64(d))
		}
	}
	return -math.Log(sum)
}

func (u *utterance) confidence() float32 {
	if len(u.tokens) == 0 {
		return 0
	}
	return float32(math.Exp(u.log / float64(len(u.tokens))))
}
