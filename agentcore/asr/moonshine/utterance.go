//go:build cgo

package moonshine

import (
	"errors"
	"math"
	"strings"

	ort "github.com/yalue/onnxruntime_go"
)

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
