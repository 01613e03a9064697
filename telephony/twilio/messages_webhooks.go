package twilio

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/hookswitch/hookswitch/telephony"
)

// message takes a text that came to a number of ours. It is answered with a
// document that does nothing: what the agent says to it goes out later, by
// itself. The same text may come again, which the inbox does not mind.
func (t *Trunk) message(w http.ResponseWriter, r request) {
	m, ok := textIn(r)
	if !ok {
		t.refuse(w, r.Request, refusal{status: http.StatusBadRequest, reason: ReasonBadForm})
		return
	}
	t.taken(w, r, t.c.Inbox.Received(r.Context(), m), xmlReply(twiml()))
}

// messageStatus takes what Twilio says of a text of ours. A status that nobody
// knows is no news.
func (t *Trunk) messageStatus(w http.ResponseWriter, r request) {
	s := telephony.TextState{
		ID:      r.text,
		Account: r.account,
		Carrier: r.sid,
		Status:  textStatus(r.form.Get("MessageStatus")),
	}
	if code := numberOf(r.form.Get("ErrorCode")); code != 0 {
		s.Code = strconv.Itoa(code)
	}
	if s.Status == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	t.taken(w, r, t.c.Inbox.Told(r.Context(), s), reply{status: http.StatusNoContent})
}

// taken answers what the inbox was told. When it could not keep it, Twilio is to
// ask again; when nobody here has the address, that would change nothing.
func (t *Trunk) taken(w http.ResponseWriter, r request, err error, a reply) {
	switch {
	case err == nil:
	case errors.Is(err, telephony.ErrNoChannel):
		t.odd(r.Request, refusal{status: http.StatusOK, reason: ReasonNoChannel})
	default:
		t.c.Count(ReasonInboxFailed)
		t.c.Log.Error("twilio: the inbox failed", "route", r.Pattern, "message", r.sid, "err", err)
		textReply(http.StatusServiceUnavailable).write(w)
		return
	}
	if a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	a.write(w)
}

// textIn reads a text that came in. ok is false when its numbers are none that
// can be answered, such as those of a channel that we don't have.
func textIn(r request) (m telephony.TextIn, ok bool) {
	m = telephony.TextIn{
		Kind:    telephony.Phone,
		Account: r.account,
		Carrier: r.sid,
		Body:    words(r.form.Get("Body")),
		Media:   numberOf(r.form.Get("NumMedia")),
		OptOut:  keyword(r.form.Get("OptOutType")),
	}
	from, fine := called(r.form.Get("From"))
	to, good := called(r.form.Get("To"))
	m.From, m.To = string(from), string(to)
	if rest, is := strings.CutPrefix(m.From, whatsApp); is {
		m.Kind, m.From = telephony.WhatsApp, rest
	}
	if rest, is := strings.CutPrefix(m.To, whatsApp); is != (m.Kind == telephony.WhatsApp) {
		return m, false
	} else if is {
		m.To = rest
	}
	strange := strings.Contains(m.From+m.To, ":") // another channel's prefix
	return m, fine && good && m.From != "" && m.To != "" && !strange
}

// words is body as text: UTF-8, with no control characters but those of lines.
func words(body string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(body, "\uFFFD"))
}

// keyword reads an OptOutType, which comes when a Messaging Service of the
// account handles such words.
func keyword(s string) string {
	switch s {
	case "STOP", "START", "HELP":
		return s
	}
	return ""
}

// textStatus reads a MessageStatus; one that nobody knows, or that only what
// comes in has, is empty.
func textStatus(s string) string {
	switch s {
	case "accepted", "scheduled", "queued", "sending":
		return "queued"
	case "sent", "partially_delivered":
		return "sent"
	case "delivered", "read":
		return "delivered"
	case "failed", "canceled":
		return "failed"
	case "undelivered":
		return s
	}
	return ""
}
