package elevenlabs

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/media/g711"
)

type asked struct {
	Text     *string
	Context  string          `json:"context_id"`
	Settings json.RawMessage `json:"voice_settings"`
	Flush    bool
	Close    bool `json:"close_context"`
}

// client is the vendor's side of a connection.
type client struct {
	*vendor
	c      *websocket.Conn
	opened map[string]bool // true until closed
}

func (k *client) read() (a asked, ok bool) {
	kind, m, err := k.c.ReadMessage()
	if err != nil {
		return a, false
	}
	if json.Unmarshal(m, &a) != nil || kind != websocket.TextMessage || a.Context == "" {
		k.t.Errorf("the client sent %q", m)
		return a, false
	}
	return a, true
}

// phrase speaks one context; false ends the connection.
func (k *client) phrase() bool {
	first, ok := k.read()
	if !ok {
		return false
	}
	if _, known := k.opened[first.Context]; known || first.Text == nil || *first.Text != " " || first.Flush || first.Close {
		k.t.Errorf("a context begins with %+v", first)
		return false
	}
	k.opened[first.Context] = true
	k.mu.Lock()
	k.vendor.settings = append(k.vendor.settings, string(first.Settings))
	k.mu.Unlock()
	text, ok := k.read()
	if !ok {
		return false
	}
	if text.Context != first.Context || text.Text == nil || !strings.HasSuffix(*text.Text, " ") || !text.Flush || text.Settings != nil {
		k.t.Errorf("the text comes as %+v", text)
		return false
	}
	pieces := pieces(*text.Text)
	for i, p := range pieces {
		if !k.piece(first.Context, p, i, len(pieces)) {
			return false
		}
	}
	id := "contextId"
	final := "isFinal"
	if k.spells {
		id, final = "context_id", "is_final"
	}
	return k.c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"audio":null,%q:true,%q:%q}`, final, id, first.Context)) == nil
}

// piece sends the sound of some of the text. After the first it waits for the
// context to be closed: an earlier close may drop it.
func (k *client) piece(id, text string, i, of int) bool {
	if i == of/2 {
		switch k.fault {
		case providertest.Closes:
			k.c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
			return false
		case providertest.SaysError:
			k.fail(k.c, "system_busy")
			return false
		case providertest.TalksRot:
			k.c.WriteMessage(websocket.TextMessage, []byte(`{"audio":"%%% `+key+`"}`))
		case providertest.TooLarge:
			k.c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"audio":"%s"}`, strings.Repeat("A", 8<<20)))
		}
	}
	if err := k.c.WriteMessage(websocket.TextMessage, sound(id, text, k.spells)); err != nil {
		return false
	}
	if k.muteIn {
		for _, ok := k.read(); ok; _, ok = k.read() {
		}
		return false
	}
	if i > 0 {
		return true
	}
	closing, ok := k.read()
	if ok && (!closing.Close || closing.Context != id || closing.Text != nil) {
		k.t.Errorf("after the first sound came %+v, want the context's close", closing)
	}
	k.opened[id] = false
	return ok
}

// pieces cuts text without a care for its words.
func pieces(text string) (all []string) {
	for runes := []rune(text); len(runes) > 0; {
		n := min(len(runes), 9)
		all = append(all, string(runes[:n]))
		runes = runes[n:]
	}
	return all
}

const perChar = 400 // samples

func sound(id, text string, spells bool) []byte {
	var chars []string
	var starts, durations []int
	var pcm []byte
	for i, r := range []rune(text) {
		chars = append(chars, string(r))
		starts = append(starts, i*50)
		durations = append(durations, 50)
		for j := range perChar {
			pcm = append(pcm, g711.EncodeSample(int16(3000*(j%8))))
		}
	}
	name := "contextId"
	if spells {
		name = "context_id"
	}
	m, _ := json.Marshal(map[string]any{
		"audio": pcm, "isFinal": nil, name: id,
		"alignment":           map[string]any{"chars": chars, "charStartTimesMs": starts, "charDurationsMs": durations},
		"normalizedAlignment": nil,
	})
	return m
}
