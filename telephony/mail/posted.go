package mail

import (
	"encoding/json"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/hookswitch/hookswitch/telephony"
)

// posted is a letter as JSON, as services write it that read MIME for others.
type posted struct {
	From        string            `json:"from"`
	To          many              `json:"to"`
	Cc          many              `json:"cc"`
	Subject     string            `json:"subject"`
	Text        string            `json:"text"`
	HTML        string            `json:"html"` // read when there is no text
	MessageID   string            `json:"message_id"`
	InReplyTo   string            `json:"in_reply_to"`
	References  many              `json:"references"`
	Headers     map[string]many   `json:"headers"`
	Attachments []json.RawMessage `json:"attachments"` // counted
}

// many is a text, or an array of texts.
type many []string

// UnmarshalJSON implements json.Unmarshaler.
func (m *many) UnmarshalJSON(b []byte) error {
	var one string
	if err := json.Unmarshal(b, &one); err == nil {
		*m = many{one}
		return nil
	}
	var all []string
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	*m = all
	return nil
}

func parsePosted(raw []byte) (posted, error) {
	var p posted
	if err := json.Unmarshal(raw, &p); err != nil {
		return posted{}, fmt.Errorf("%w: its JSON has another form", ErrUnreadable)
	}
	return p, nil
}

// header is what p says as a header: what has a field of its own counts, the
// rest is as in headers.
func (p posted) header() textproto.MIMEHeader {
	h := textproto.MIMEHeader{}
	for name, values := range p.Headers {
		for _, value := range values {
			h.Add(name, value)
		}
	}
	own := map[string]string{
		"From": p.From, "Subject": p.Subject, "Message-Id": bracket(p.MessageID), "In-Reply-To": bracket(p.InReplyTo),
		"References": strings.Join(p.References, " "),
	}
	for name, value := range own {
		if value != "" {
			h.Set(name, value)
		}
	}
	for name, values := range map[string]many{"To": p.To, "Cc": p.Cc} {
		if len(values) > 0 {
			h[name] = values
		}
	}
	return h
}

// bracket adds the brackets of a Message-ID, which some services take off.
func bracket(id string) string {
	if id = strings.TrimSpace(id); id == "" || strings.HasPrefix(id, "<") {
		return id
	}
	return "<" + id + ">"
}

// letter is p as Parse would read it.
func (p posted) letter() (telephony.TextIn, error) {
	text := p.Text
	if strings.TrimSpace(text) == "" {
		text = stripped(p.HTML)
	}
	return letterOf(p.header(), text, len(p.Attachments))
}
