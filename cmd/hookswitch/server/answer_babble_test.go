package server_test

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// babble is how people and machines talk who are understood without a model: each
// text is a noise of its own, with a pause after each sentence, and who has heard
// a frame of it knows where in which text it was.
type babble struct {
	mu    sync.RWMutex
	known map[media.Frame]spot
}

func newBabble() *babble { return &babble{known: map[media.Frame]spot{}} }

// spot is where in a text a frame is.
type spot struct {
	text      string
	at, whole int // frames
}

const (
	babbleLetter = 60 * time.Millisecond
	babblePause  = 240 * time.Millisecond
	babbleLoud   = 9000 // amplitude
)

// voice is a [handset.Voice].
func (b *babble) voice(_ context.Context, text string) ([]media.Frame, error) {
	h := fnv.New64a()
	h.Write([]byte(text))
	chance := rand.New(rand.NewPCG(h.Sum64(), 0))
	var all []media.Frame
	for sentence := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(".?!", r) }) {
		if len(all) > 0 {
			all = append(all, handset.Silence(babblePause)...)
		}
		n := int(time.Duration(len(strings.TrimSpace(sentence))) * babbleLetter / media.FrameDuration)
		for i := range n {
			loud := babbleLoud
			if i%10 > 6 { // between syllables
				loud /= 2
			}
			var f media.Frame
			for j := range f {
				f[j] = g711.DecodeSample(g711.EncodeSample(int16(chance.IntN(2*loud) - loud)))
			}
			all = append(all, f)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, f := range all {
		if f != (media.Frame{}) {
			b.known[f] = spot{text, i, len(all)}
		}
	}
	return all, nil
}

// find says which text f is of.
func (b *babble) find(f *media.Frame) (spot, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s, ok := b.known[*f]
	return s, ok
}

// Speech implements [vad.Detector].
func (b *babble) Speech(f *media.Frame) float32 {
	if _, ok := b.find(f); ok {
		return 1
	}
	return 0
}

func (*babble) Close() error { return nil }

// Open implements [asr.Recognizer].
func (b *babble) Open(context.Context, asr.Options) (asr.Stream, error) {
	return &babbleStream{babble: b, results: make(chan asr.Result, 1024)}, nil
}

type babbleStream struct {
	*babble
	mu      sync.Mutex
	heard   []stretch // of this utterance
	frames  int
	closed  bool
	results chan asr.Result
}

// stretch is how much of a text was heard without a break.
type stretch struct {
	text            string
	from, to, whole int
}

// words are those of the text that were heard.
func (s stretch) words() []string {
	all := strings.Fields(s.text)
	return all[min(len(all)*s.from/s.whole, len(all)):min(len(all)*(s.to+2)/s.whole+1, len(all))]
}

func (s *babbleStream) Results() <-chan asr.Result { return s.results }

// babbleGuess is how often there is an interim result, in frames.
const babbleGuess = 15

func (s *babbleStream) Write(f *media.Frame) bool {
	at, ok := s.find(f)
	if !ok {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.heard); n == 0 || s.heard[n-1].text != at.text {
		s.heard = append(s.heard, stretch{at.text, at.at, at.at, at.whole})
	}
	s.heard[len(s.heard)-1].to = at.at
	if s.frames++; s.frames%babbleGuess == 0 {
		s.tell(asr.Result{Text: s.text(), Confidence: .6})
	}
	return true
}

func (s *babbleStream) text() string {
	var all []string
	for _, h := range s.heard {
		all = append(all, h.words()...)
	}
	return strings.Join(all, " ")
}

func (s *babbleStream) tell(r asr.Result) {
	if s.closed {
		return
	}
	select {
	case s.results <- r:
	default: // nobody reads
	}
}

func (s *babbleStream) Signal(what asr.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch what {
	case asr.Paused:
		s.tell(asr.Result{Text: s.text(), Confidence: .8})
	case asr.Ended:
		s.tell(asr.Result{Text: s.text(), Final: true, Confidence: .9})
		s.heard, s.frames = nil, 0
	}
}

func (s *babbleStream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.results)
	}
	return nil
}

// script is a persona that is built in, and talks babble.
func (b *babble) script(t *testing.T, name string) *persona.Script {
	t.Helper()
	p, err := persona.Builtin(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Prepare(t.Context(), persona.Sound{Voice: b.voice})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// understandsBabble are the parts of a gateway whose agents understand b.
func understandsBabble(b *babble, voice tts.Synthesizer) func(context.Context) (*server.Speech, error) {
	return func(context.Context) (*server.Speech, error) {
		return &server.Speech{
			Voice: voice, Speaks: "tones", Recognizer: b, Hears: "babble",
			Detector: func() (vad.Detector, error) { return b, nil },
		}, nil
	}
}
