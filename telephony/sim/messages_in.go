package sim

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// ErrBadText means that a phone can't write such a text.
var ErrBadText = errors.New("sim: a text has no words, or is from nobody")

// Text has a phone at from write to one of the carrier's numbers, to. With
// "whatsapp:" before both it does so on that channel. It returns at once; the
// message is Done when the number's address has answered, or can't be reached.
func (c *Carrier) Text(from, to, body string) (*Message, error) {
	prefix := ""
	if strings.HasPrefix(from, whatsApp) {
		prefix = whatsApp
	}
	n, ok := c.number(strings.TrimPrefix(to, prefix))
	switch {
	case !ok || n.NoTexts:
		return nil, ErrUnknownNumber
	case body == "" || !e164.MatchString(strings.TrimPrefix(from, prefix)):
		return nil, ErrBadText
	}
	m, err := c.newMessage(c.ownerOf(n), inbound, from, to, body)
	if err != nil {
		return nil, err
	}
	said := c.texts.take(m)
	m.start(func(ctx context.Context) {
		m.autoReply(said)
		for range c.knobs.textCopies() {
			m.arrive(ctx, c.texting(n), said)
		}
	})
	return m, nil
}

// texting is what a text to n is handled by.
func (c *Carrier) texting(n Number) request {
	if n.SMSApplicationSID != "" {
		a := c.cfg.Applications[n.SMSApplicationSID]
		n.SMSURL, n.SMSMethod, n.SMSFallbackURL, n.SMSFallbackMethod = a.SMSURL, a.SMSMethod, a.SMSFallbackURL, a.SMSFallbackMethod
	}
	return request{url: n.SMSURL, method: n.SMSMethod, fallback: n.SMSFallbackURL, fallbackMethod: n.SMSFallbackMethod}
}

// arrive asks what to do with a message that came, at the fallback address if
// need be, and does it.
func (m *Message) arrive(ctx context.Context, to request, said keyword) {
	if to.url == "" {
		return
	}
	params := m.arrival(said)
	d, fault := m.fetch(ctx, to.method, to.url, params)
	if fault != nil && to.fallback != "" && ctx.Err() == nil {
		params.Set("ErrorCode", strconv.Itoa(fault.code))
		params.Set("ErrorUrl", to.url)
		d, fault = m.fetch(ctx, to.fallbackMethod, to.fallback, params)
	}
	if fault == nil {
		m.obey(d)
	}
}

// fetch gets a document.
func (m *Message) fetch(ctx context.Context, method, address string, params url.Values) (document, *webFault) {
	a, err := m.inquire(ctx, inquiry{method: cmp.Or(method, http.MethodPost), address: address, params: params, token: uuid()})
	if fault := m.checkAnswer(a, err); fault != nil {
		return document{}, fault
	}
	if err != nil { // the carrier is closed
		return document{}, &webFault{police.Unreachable, 11205, err.Error()}
	}
	if a.status == http.StatusNoContent {
		return document{address: address}, nil
	}
	d, fault := m.read(a)
	if fault != nil {
		m.offend(fault.kind, fault.code, fault.text)
	}
	return d, fault
}

// messageVerbs are what may stand in a document about a text.
var messageVerbs = map[string][]string{
	"Message": {"to", "from", "action", "method", "statusCallback"}, "Body": {}, "Media": {}, "Redirect": {"method"},
}

// obey does what a document says.
func (m *Message) obey(d document) {
	for _, v := range d.verbs {
		attrs, ok := messageVerbs[v.name]
		switch {
		case v.name == "Say": // plain text is a reply: documented
			m.reply(v.text)
		case !ok || v.name == "Body" || v.name == "Media":
			m.offend(police.UnknownVerb, 12200, "<"+v.name+"> is unknown in an answer to a text")
		case v.name == "Redirect" || len(v.attr) > 0 && len(attrs) > 0:
			m.offend(police.Unsupported, 0, "<"+v.name+"> of a text, or what it says of itself, is not played")
		default:
			text := v.text
			for _, in := range v.in {
				if in.name == "Body" {
					text += in.text
				}
			}
			m.reply(text)
		}
	}
}

// reply sends an answer of the carrier's own making, or of a document's.
func (m *Message) reply(body string) {
	if body == "" {
		return
	}
	answer, err := m.carrier.newMessage(m.owner, outboundReply, m.to, m.from, body)
	if err == nil {
		answer.start(answer.travel)
	}
}

// arrival is what the webhook of a message that came is told.
func (m *Message) arrival(said keyword) url.Values {
	v := m.names()
	v.Set("SmsMessageSid", m.sid)
	v.Set("SmsStatus", "received")
	v.Set("Body", m.body)
	v.Set("NumMedia", "0")
	v.Set("NumSegments", strconv.Itoa(Segments(m.body)))
	if number, ok := strings.CutPrefix(m.from, whatsApp); ok {
		v.Set("MessageType", "text")
		v.Set("ProfileName", "Simulated")
		v.Set("WaId", strings.TrimPrefix(number, "+"))
		return v
	}
	for who, number := range map[string]string{"From": m.from, "To": m.to} {
		for _, where := range []string{"City", "State", "Zip"} {
			v.Set(who+where, "")
		}
		v.Set(who+"Country", country(number))
	}
	if m.carrier.knobs.OptOutType && said != "" {
		v.Set("OptOutType", string(said))
	}
	return v
}

// names is what every webhook about a message is told.
func (m *Message) names() url.Values {
	return url.Values{
		"MessageSid": {m.sid}, "SmsSid": {m.sid}, "AccountSid": {m.owner.SID}, "ApiVersion": {apiVersion},
		"From": {m.from}, "To": {m.to},
	}
}
