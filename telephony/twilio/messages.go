package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sms"
)

// What an [Error] about texts calls its request.
const (
	opSend = "text"  // a text is sent
	opSent = "texts" // those that were sent are looked through
)

// whatsApp stands before the numbers of that channel.
const whatsApp = "whatsapp:"

// Messenger sends SMS and WhatsApp messages through Twilio's Messaging API, each
// as the account that has the number it is from. An error that is no
// *[telephony.TextError] is an [*Error] and says nothing of whether the text
// went: ask Sent before it is sent again.
type Messenger struct{ k *Carrier }

var _ telephony.Messenger = Messenger{}

// Messenger returns who sends texts as k's accounts.
func (k *Carrier) Messenger() Messenger { return Messenger{k} }

// Send implements [telephony.Messenger]. The text's id rides in the query of its
// callback address, when there is an Inbox to be told.
func (m Messenger) Send(ctx context.Context, t telephony.Text) (carrierID string, err error) {
	p, err := m.params(t)
	if err != nil {
		return "", err
	}
	account, err := m.k.credentials(ctx, opSend, t.Account)
	if err != nil {
		return "", refused(err) // nobody was asked
	}
	var sent *api.ApiV2010Message
	err = m.k.do(ctx, opSend, account, func(s *api.ApiService) (err error) {
		sent, err = s.CreateMessage(p)
		return err
	})
	if err != nil {
		return "", unsent(err)
	}
	if !plain(text(sent.Sid)) {
		return "", &Error{Op: opSend, Status: http.StatusCreated, Help: "the answer names no message"}
	}
	return *sent.Sid, nil
}

// params says t in Twilio's words.
func (m Messenger) params(t telephony.Text) (*api.CreateMessageParams, error) {
	from, to, err := parties(t)
	switch {
	case err != nil:
		return nil, err
	case !sms.Fits(t.Body):
		return nil, &telephony.TextError{Why: "it has no text, or what is no text, or more than 1600 characters"}
	case !printable(t.ID, maxID):
		return nil, &telephony.TextError{Why: "its id can't be part of an address"}
	}
	p := &api.CreateMessageParams{}
	p.SetFrom(from)
	p.SetTo(to)
	p.SetBody(t.Body)
	if m.k.c.Inbox != nil {
		address := m.k.base + pathMessageStatus
		if t.ID != "" {
			address += "?" + url.Values{textParam: {t.ID}}.Encode()
		}
		p.SetStatusCallback(address)
	}
	return p, nil
}

// parties are the sender and the recipient of t as Twilio names them.
func parties(t telephony.Text) (from, to string, err error) {
	prefix := ""
	switch t.Kind {
	case telephony.Phone:
	case telephony.WhatsApp:
		prefix = whatsApp
	default:
		return "", "", &telephony.TextError{Why: "Twilio sends SMS and WhatsApp messages alone"}
	}
	if !e164.MatchString(t.From) || !e164.MatchString(t.To) {
		return "", "", &telephony.TextError{Why: "a number of it is not valid: write + and the country code first"}
	}
	return prefix + t.From, prefix + t.To, nil
}

const (
	// clockSlack is by how much Twilio's clock, which shows whole seconds, may be
	// behind ours.
	clockSlack = 5 * time.Second
	// maxSent is how many of the newest messages between two numbers are looked
	// through. Whoever asks does so minutes after the text was sent.
	maxSent = 100
)

// Sent implements [telephony.Messenger]. Twilio does not tell which callback
// address a message has, so it is known by its two numbers, its words and its
// time; of several the oldest is meant, for those after it were sent later. It
// does not ask for a time: messages that still wait to be sent have none.
func (m Messenger) Sent(ctx context.Context, t telephony.Text, since time.Time) (carrierID string, err error) {
	from, to, err := parties(t)
	if err != nil {
		return "", err
	}
	account, err := m.k.credentials(ctx, opSent, t.Account)
	if err != nil {
		return "", err
	}
	p := &api.ListMessageParams{}
	p.SetFrom(from)
	p.SetTo(to)
	p.SetPageSize(maxSent)
	var page *api.ListMessageResponse
	err = m.k.do(ctx, opSent, account, func(s *api.ApiService) (err error) {
		page, err = s.PageMessage(p, "", "")
		return err
	})
	if err != nil {
		return "", err
	}
	var oldest time.Time
	since = since.Add(-clockSlack)
	for i := range page.Messages {
		is := &page.Messages[i]
		created := instant(text(is.DateCreated))
		switch {
		case text(is.From) != from || text(is.To) != to || text(is.Direction) != "outbound-api" || !plain(text(is.Sid)):
		case strings.TrimSpace(text(is.Body)) != strings.TrimSpace(t.Body):
		case created.Before(since):
		case carrierID == "" || created.Before(oldest):
			carrierID, oldest = *is.Sid, created
		}
	}
	return carrierID, nil
}

// unsent is err as a *[telephony.TextError], if it says that nothing was sent: a
// request that Twilio refused, or that never left this machine.
func unsent(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Retry: // see retry
	case e.Status == 0 && e.Code != 0: // refused by twilio-go, before it was sent
	case e.Status/100 == 4 && e.Status != http.StatusRequestTimeout:
	default:
		return err
	}
	return refused(e)
}
