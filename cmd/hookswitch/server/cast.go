package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/failover"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/window"
	"github.com/hookswitch/hookswitch/agentcore/meter"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
	"github.com/hookswitch/hookswitch/telephony"
)

// wish is who shall hear, think and speak for an agent: for each stage a list,
// of which the first is preferred and the others take over.
type wish struct {
	workspace   string
	hears       []roster.Choice // none: deaf
	format      string          // what recognisers are sent, if they take it
	language    string          // BCP 47
	thinks      []roster.Choice
	temperature *float64
	effort      string
	speaks      []string                 // voice_uuids
	own         map[string]roster.Secret // the agent's own keys, by provider, before the workspace's
}

// cast is who does, in one call. Whoever is done with it calls release.
type cast struct {
	hears   asr.Recognizer // nil: deaf
	thinks  llm.Model
	speaks  tts.Synthesizer
	names   [3]string // of the three, for people to read
	release func()
}

// casting puts a cast together.
type casting struct {
	s     *Server
	ctx   context.Context
	keys  purse
	w     wish
	parts *Speech
	tally *cost.Tally // of the call; nil: what it uses is in no call's bill
	done  []func()
	skips []error // who can't be had, and why
}

// cast engages whoever of w can be had, for a call. A stage for which nobody can
// be had is an error.
func (s *Server) cast(ctx context.Context, call telephony.CallID, w wish, parts *Speech) (cast, error) {
	k, err := s.casting(ctx, w, parts)
	if err != nil {
		return cast{}, err
	}
	k.tally = s.tally(call)
	c, err := k.all()
	if err != nil {
		k.release()
		return cast{}, err
	}
	for _, skip := range k.skips {
		s.log.WarnContext(ctx, "an agent's provider can't be had: the next is asked", "error", skip)
	}
	c.release = k.release
	return c, nil
}

func (s *Server) casting(ctx context.Context, w wish, parts *Speech) (*casting, error) {
	keys, err := s.purse(ctx, w.workspace)
	return &casting{s: s, ctx: ctx, keys: keys.with(w.own), w: w, parts: parts}, err
}

func (k *casting) release() {
	for _, done := range slices.Backward(k.done) {
		done()
	}
}

func (k *casting) all() (c cast, err error) {
	hears := engage(k, provider.Recogniser, k.w.hears, k.recogniser)
	thinks := engage(k, provider.Model, k.w.thinks, k.model)
	speaks := engage(k, provider.Voice, k.w.speaks, k.voice)
	if len(hears) == 0 && !k.deaf() || len(thinks) == 0 || len(speaks) == 0 {
		return c, errors.Join(append([]error{errors.New("server: a stage of the agent has nobody")}, k.skips...)...)
	}
	c.thinks = failover.Model(failover.Config[llm.Model]{Candidates: thinks})
	c.speaks = failover.Voice(failover.Config[tts.Synthesizer]{Candidates: speaks})
	c.names = [3]string{"nobody", fmt.Sprint(c.thinks), fmt.Sprint(c.speaks)}
	switch {
	case len(hears) == 1 && hears[0].Breaker == nil: // nobody takes over, and nothing can be cut
		c.hears, c.names[0] = hears[0].Port, hears[0].Name
	case len(hears) > 0:
		c.hears = failover.Recognizer(failover.Config[asr.Recognizer]{Candidates: hears})
		c.names[0] = fmt.Sprint(c.hears)
	}
	return c, nil
}

// deaf reports whether nobody but the embedded recogniser was to hear, which
// isn't there: then keys still work.
func (k *casting) deaf() bool {
	return !slices.ContainsFunc(k.w.hears, func(c roster.Choice) bool { return c.Provider != moonshineProvider })
}

// engage makes the candidates of a stage. One that can't be had is skipped.
func engage[W, P any](k *casting, stage provider.Stage, all []W, find func(W) (engaged[P], error)) []failover.Candidate[P] {
	var out []failover.Candidate[P]
	for _, w := range all {
		e, err := find(w)
		if err != nil {
			k.skips = append(k.skips, fmt.Errorf("%s: %w", stage, err))
			continue
		}
		c := failover.Candidate[P]{Name: e.name, Port: e.port}
		if e.credential != "" {
			c.Breaker = k.s.breakers.For(failover.Key{Stage: stage, Provider: e.provider, Credential: e.credential})
		}
		out = append(out, c)
	}
	return out
}

// takeOver is how long a provider may take for its first byte when another can
// take over: all of it is silence on the line.
const takeOver = 3 * time.Second

// engaged is one who can be had.
type engaged[P any] struct {
	port           P
	name, provider string
	credential     string // empty: it is built in
}

// account finds a provider that plays a part, and the way to it.
func (k *casting) account(name string, plays func(providers.Provider) bool) (providers.Provider, providers.Access, error) {
	p, ok := k.s.provider(name)
	if !ok || !plays(p) {
		return p, providers.Access{}, fmt.Errorf("%s: this gateway has no such part of it", name)
	}
	a, _, err := k.keys.access(p)
	if err != nil {
		return p, a, fmt.Errorf("%s: %w", name, err)
	}
	return p, a, nil
}

// credential names a key without showing it: breakers are kept apart by it.
func credential(workspace string, a providers.Access) string {
	sum := sha256.Sum256([]byte(workspace + "\x00" + a.Key))
	return hex.EncodeToString(sum[:8])
}

func (k *casting) recogniser(c roster.Choice) (e engaged[asr.Recognizer], err error) {
	if c.Provider == moonshineProvider {
		if k.parts.Recognizer == nil {
			if k.parts.Deaf != nil {
				return e, fmt.Errorf("%s: %w", moonshineProvider, k.parts.Deaf)
			}
			return e, errors.New(moonshineProvider + ": this gateway is deaf on purpose")
		}
		return engaged[asr.Recognizer]{meter.Recognizer(k.parts.Recognizer, moonshineProvider, k.meter()), k.parts.Hears, moonshineProvider, ""}, nil
	}
	p, a, err := k.account(c.Provider, func(p providers.Provider) bool { return p.Hears != nil })
	if err != nil {
		return e, err
	}
	a.Patience.First = takeOver // failover replaces what takes longer
	h := providers.Hearing{Model: c.Model, Format: live.Format(k.format(p)), Language: k.w.language}
	r, err := p.Hears.New(a, h)
	if err != nil {
		return e, err
	}
	k.done = append(k.done, func() { _ = closed(r) }) // its streams are: only idle connections are left
	return engaged[asr.Recognizer]{meter.Recognizer(r, p.Name, k.meter()), fmt.Sprint(r), p.Name, credential(k.w.workspace, a)}, nil
}

// format is what p is sent: what the agent says, if p takes it.
func (k *casting) format(p providers.Provider) string {
	return capability(p, "").Format(k.w.format)
}

func (k *casting) model(c roster.Choice) (e engaged[llm.Model], err error) {
	if c.Provider == scriptProvider {
		return engaged[llm.Model]{k.s.mind.script, scriptProvider, scriptProvider, ""}, nil
	}
	p, a, err := k.account(c.Provider, func(p providers.Provider) bool { return p.Thinks != nil })
	if err != nil {
		return e, err
	}
	if len(k.w.thinks) > 1 {
		a.Patience.First = takeOver
	}
	t := providers.Thinking{Model: c.Model, Temperature: k.w.temperature, Effort: k.w.effort, Replaceable: len(k.w.thinks) > 1}
	key := keyOf(provider.Model, p, a, c.Model)
	key.effort, key.replaceable, key.temperature = t.Effort, t.Replaceable, -1
	if t.Temperature != nil {
		key.temperature = *t.Temperature
	}
	m, release, err := taken(&k.s.stock, key, func() (llm.Model, error) { return p.Thinks.New(a, t) })
	if err != nil {
		return e, err
	}
	k.done = append(k.done, release)
	name := fmt.Sprint(m)
	metered := meter.Model(m, p.Name, k.meter())
	trimmed := window.New(metered, p.Thinks.Window(c.Model), func(n int) {
		k.s.log.InfoContext(k.ctx, "a call is longer than the model's memory: its beginning is left out", "model", name, "messages", n)
	})
	return engaged[llm.Model]{trimmed, name, p.Name, credential(k.w.workspace, a)}, nil
}

func (k *casting) voice(uuid string) (e engaged[tts.Synthesizer], err error) {
	if name, ok := fliteVoice(uuid); ok {
		v, err := k.embedded(name)
		if err != nil {
			return e, err
		}
		return engaged[tts.Synthesizer]{meter.Voice(v, fliteProvider, k.meter()), k.parts.Speaks, fliteProvider, ""}, nil
	}
	p, id := providers.OfVoice(uuid)
	p, a, err := k.account(p.Name, func(p providers.Provider) bool { return p.Speaks != nil })
	if err != nil {
		return e, err
	}
	key := keyOf(provider.Voice, p, a, id)
	if key.replaceable = len(k.w.speaks) > 1; key.replaceable {
		a.Patience.First = takeOver
	}
	key.speaks = a.Model
	v, release, err := taken(&k.s.stock, key, func() (providers.Voice, error) { return p.Speaks.New(a, id) })
	if err != nil {
		return e, err
	}
	k.done = append(k.done, release)
	return engaged[tts.Synthesizer]{meter.Voice(v, p.Name, k.meter()), fmt.Sprint(v), p.Name, credential(k.w.workspace, a)}, nil
}

// embedded is a voice of flite; the settings' own when name is empty.
func (k *casting) embedded(name string) (tts.Synthesizer, error) {
	if name == "" || k.parts.Named == nil {
		return k.parts.Voice, nil
	}
	return k.parts.Named(name)
}

// chosen reads a list of the settings, "deepgram/nova-2,moonshine". own are the
// choices that are written as one word.
func chosen(list string, own map[string]roster.Choice) []roster.Choice {
	var all []roster.Choice
	for _, one := range strings.Split(list, ",") {
		one = strings.TrimSpace(one)
		if c, ok := own[one]; ok {
			all = append(all, c)
		} else if p, m, ok := strings.Cut(one, "/"); ok {
			all = append(all, roster.Choice{Provider: p, Model: m})
		}
	}
	return all
}

// breakersOpen is how many breakers are open.
func (s *Server) breakersOpen() (n float64) {
	for _, b := range s.breakers.States() {
		if b.Is == "open" {
			n++
		}
	}
	return n
}
