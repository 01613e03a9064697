package realtime

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// event is what the server may say. From the documentation:
// developers.openai.com/api/reference/resources/realtime/server-events.
type event struct {
	Type       string
	ItemID     string `json:"item_id"`
	Delta      string
	Transcript string
	Error      struct{ Type, Code string }
}

const transcribed = "conversation.item.input_audio_transcription."

var errNoEvent = errors.New("no event of theirs")

// Take implements [live.Protocol].
func (p *protocol) Take(m live.Message) ([]live.Heard, error) {
	if m.Binary {
		return nil, errNoEvent
	}
	var e event
	if err := json.Unmarshal(m.Data, &e); err != nil {
		return nil, err
	}
	switch e.Type {
	case "":
		return nil, errNoEvent
	case "session.updated":
		p.ready = true
	case "input_audio_buffer.committed":
		p.committed(e.ItemID)
	case "input_audio_buffer.cleared":
		p.finish(p.first(true), "", nil)
	case transcribed + "delta":
		return p.delta(e.ItemID, e.Delta), nil
	case transcribed + "completed":
		p.finish(p.of(e.ItemID), e.Transcript, nil)
	case transcribed + "failed":
		p.finish(p.of(e.ItemID), "", failure(&e))
	case "error":
		if e.Error.Code != "input_audio_buffer_commit_empty" {
			return nil, failure(&e) // whatever they could not do is not done
		}
		p.finish(p.first(false), "", nil) // there was nothing, not even sound
	}
	return p.settled(), nil
}

// committed learns which item the oldest commit became.
func (p *protocol) committed(id string) {
	if c := p.first(false); c != nil {
		c.item = id
	}
}

func (p *protocol) finish(c *commit, text string, err error) {
	if c == nil || c.done {
		return
	}
	c.done, c.text, c.err = true, strings.TrimSpace(text), err
	if len(c.text) > mostText {
		c.text = ""
	}
}

// settled are the utterances that are over, in the order of speech: items are
// transcribed in any.
func (p *protocol) settled() (all []live.Heard) {
	for len(p.asked) > 0 && p.asked[0].done {
		c := p.asked[0]
		p.asked = p.asked[1:]
		p.items = slices.DeleteFunc(p.items, func(i *item) bool { return i.id == c.item })
		if c.err != nil {
			all = append(all, live.Heard{Err: c.err})
			continue
		}
		all = append(all, live.Heard{Text: c.text, Settled: true, Finalized: true})
	}
	return all
}

// delta takes some more words of an item. They are a guess at what comes next if
// nothing that was said earlier is still open.
func (p *protocol) delta(id, words string) []live.Heard {
	at := slices.IndexFunc(p.items, func(i *item) bool { return i.id == id })
	if at < 0 {
		if len(p.items) == mostItems {
			p.items = p.items[1:]
		}
		at = len(p.items)
		p.items = append(p.items, &item{id: id})
	}
	i := p.items[at]
	if len(i.text)+len(words) <= mostText {
		i.text += words
	}
	if len(p.asked) > 0 && (p.asked[0].clear || p.asked[0].item != "" && p.asked[0].item != id) || strings.TrimSpace(i.text) == "" {
		return nil
	}
	return []live.Heard{{Text: strings.TrimSpace(i.text)}}
}

// failure makes an error of one of theirs, without its message.
func failure(e *event) *provider.Error {
	kind := e.Error.Code + " " + e.Error.Type
	class := provider.Unavailable
	for _, c := range []struct {
		part  string
		class provider.Class
	}{
		{"quota", provider.Quota}, {"billing", provider.Quota},
		{"rate_limit", provider.RateLimited},
		{"api_key", provider.Auth}, {"authentication", provider.Auth}, {"permission", provider.Auth},
		{"session_expired", provider.Unavailable}, {"server_error", provider.Unavailable},
		{"invalid", provider.Refused},
	} {
		if strings.Contains(kind, c.part) {
			class = c.class
			break
		}
	}
	return provider.New(Name, "stream", class, errors.New("the server says that it failed"))
}
