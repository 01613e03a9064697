package realtime

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

const (
	leastCommit = 100 * time.Millisecond // of audio; less is refused with input_audio_buffer_commit_empty
	mostPrompt  = 600                    // bytes
	mostItems   = 64                     // whose words are kept while nobody asks for them
	mostText    = 32 << 10               // bytes of one item
)

// protocol is one connection. From the documentation:
// developers.openai.com/api/docs/guides/realtime-transcription, and
// developers.openai.com/api/reference/resources/realtime for the events.
type protocol struct {
	cfg     Config
	options asr.Options

	ready   bool // the session is as we want it
	unasked int  // bytes of audio since the last commit

	asked []*commit // that are not answered, in order
	items []*item   // what was heard of items that are not settled
}

// commit is one Finalize: a commit, or a clear when there is too little to
// commit.
type commit struct {
	clear bool
	item  string // its id; empty until the server has told it
	done  bool
	text  string
	err   error
}

// item is what a session makes of a commit. Models that listen while somebody
// speaks begin it before.
type item struct{ id, text string }

func newProtocol(c Config, o asr.Options) *protocol { return &protocol{cfg: c, options: o} }

// Dial implements [live.Protocol].
func (p *protocol) Dial() (string, http.Header, []string) {
	h := http.Header{}
	if p.cfg.Key != "" {
		h.Set("Authorization", "Bearer "+p.cfg.Key)
	}
	return provider.Socket(p.cfg.BaseURL, own, "/realtime?intent=transcription"), h, nil
}

// The session as it is asked for.
type (
	update struct {
		Type    string  `json:"type"`
		Session session `json:"session"`
	}
	session struct {
		Type  string `json:"type"`
		Audio struct {
			Input input `json:"input"`
		} `json:"audio"`
	}
	input struct {
		Format        format        `json:"format"`
		Transcription transcription `json:"transcription"`
		TurnDetection *struct{}     `json:"turn_detection"` // null: we do it
	}
	format struct {
		Type string `json:"type"`
		Rate int    `json:"rate,omitempty"`
	}
	transcription struct {
		Model     string   `json:"model"`
		Language  string   `json:"language,omitempty"`
		Languages []string `json:"languages,omitempty"`
		Prompt    string   `json:"prompt,omitempty"`
		Keywords  []string `json:"keywords,omitempty"`
	}
)

// Hello implements [live.Protocol].
func (p *protocol) Hello() []live.Message {
	u := update{Type: "session.update", Session: session{Type: "transcription"}}
	u.Session.Audio.Input = input{Format: format{Type: "audio/pcmu"}, Transcription: p.transcription()}
	if p.cfg.Format != live.Mulaw {
		u.Session.Audio.Input.Format = format{Type: "audio/pcm", Rate: p.cfg.Format.Rate()}
	}
	b, err := json.Marshal(u)
	if err != nil {
		return nil // strings are never wrong
	}
	return []live.Message{{Data: b}}
}

// transcription is what each model may be told of the call.
func (p *protocol) transcription() transcription {
	t := transcription{Model: p.cfg.Model}
	code := language(p.options.Language)
	switch p.cfg.Model {
	case "gpt-transcribe", "gpt-live-transcribe":
		if code != "" {
			t.Languages = []string{code}
		}
		t.Keywords = cut(p.options.Keywords)
		return t
	case "gpt-realtime-whisper": // takes no prompt
	case "whisper-1": // whose prompt is the keywords
		t.Prompt = strings.Join(cut(p.options.Keywords), ", ")
	default:
		if words := cut(p.options.Keywords); words != nil {
			t.Prompt = "A phone call. Expect these words: " + strings.Join(words, ", ") + "."
		}
	}
	t.Language = code
	return t
}

// language is the ISO 639-1 code of a BCP 47 tag; empty when any may be spoken.
func language(tag string) string {
	code, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch code {
	case "":
		return "en"
	case "auto", "multi", "mul":
		return ""
	}
	return code
}

// cut leaves out the keywords for which there is no room.
func cut(keywords []string) (kept []string) {
	size := 0
	for _, k := range keywords {
		if size += len(k) + 2; size > mostPrompt {
			break
		}
		kept = append(kept, k)
	}
	return kept
}

// Ready implements [live.Protocol]: until the session is ours, sound would be
// taken for 24 kHz.
func (p *protocol) Ready() bool { return p.ready }

// Audio implements [live.Protocol].
func (p *protocol) Audio(dst, sound []byte) live.Message {
	p.unasked += len(sound)
	dst = append(dst, `{"type":"input_audio_buffer.append","audio":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, sound)
	return live.Message{Data: append(dst, `"}`...)}
}

// Finalize implements [live.Protocol]. So little that it can't be committed is no
// word: it is thrown away, and the answer to that is the answer.
func (p *protocol) Finalize() []live.Message {
	c := &commit{clear: p.unasked < p.cfg.Format.Bytes(leastCommit)}
	p.asked, p.unasked = append(p.asked, c), 0
	if c.clear {
		return []live.Message{{Data: []byte(`{"type":"input_audio_buffer.clear"}`)}}
	}
	return []live.Message{{Data: []byte(`{"type":"input_audio_buffer.commit"}`)}}
}

// KeepAlive implements [live.Protocol]: none is needed, and silence would be
// transcribed.
func (p *protocol) KeepAlive() []live.Message { return []live.Message{} }

// Bye implements [live.Protocol]. They have no goodbye.
func (p *protocol) Bye() []live.Message { return nil }

// first is the oldest unanswered Finalize of a kind that hasn't got what it waits
// for; nil if there is none.
func (p *protocol) first(clear bool) *commit {
	i := slices.IndexFunc(p.asked, func(c *commit) bool { return c.clear == clear && !c.done && c.item == "" })
	if i < 0 {
		return nil
	}
	return p.asked[i]
}

// of is the commit that became an item; nil if it is none of ours.
func (p *protocol) of(id string) *commit {
	i := slices.IndexFunc(p.asked, func(c *commit) bool { return c.item == id && id != "" })
	if i < 0 {
		return nil
	}
	return p.asked[i]
}
