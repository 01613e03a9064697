package remote

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

// maxAnswer bounds, in bytes, what a model is given of an answer: one that is
// told a book answers late.
const maxAnswer = 4 << 10

// nothing is the answer of a request that went well and has no body.
const nothing = `{"ok":true}`

// answer is what a model is told of a body: JSON without its white space, or
// text.
func answer(body []byte) string {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nothing
	}
	var compact bytes.Buffer
	if json.Compact(&compact, body) == nil {
		body = compact.Bytes()
	}
	return tools.Cut(string(body), maxAnswer)
}

// failure is an error as a model may speak of it: no address, no header, no
// value is in it.
func (r *request) failure(err error) error {
	var e *webhook.Error
	if !errors.As(err, &e) {
		return errors.New("the request failed")
	}
	text := "the request failed: " + e.Text
	switch e.Kind {
	case webhook.TimedOut, webhook.Broken, webhook.TooLarge, webhook.Stopped:
		if !r.traits.Safe {
			text += "; whether it was done is not known"
		}
	}
	return errors.New(text)
}

// decode reads arguments that fit the tool's schema.
func decode(b json.RawMessage) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // an account number keeps its digits
	args := map[string]any{}
	err := d.Decode(&args)
	return args, err
}
