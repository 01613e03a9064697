package sim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// maxText is how many characters a text may have: error 21617.
const maxText = 1600

// messageResource is a text as the REST API shows it: every key of the official
// example, numbers as strings, dates as RFC 2822.
type messageResource struct {
	AccountSID   string            `json:"account_sid"`
	APIVersion   string            `json:"api_version"`
	Body         string            `json:"body"`
	DateCreated  string            `json:"date_created"`
	DateSent     *string           `json:"date_sent"`
	DateUpdated  string            `json:"date_updated"`
	Direction    string            `json:"direction"`
	ErrorCode    *int              `json:"error_code"`
	ErrorMessage *string           `json:"error_message"`
	From         string            `json:"from"`
	ServiceSID   *string           `json:"messaging_service_sid"`
	NumMedia     string            `json:"num_media"`
	NumSegments  string            `json:"num_segments"`
	Price        *string           `json:"price"`
	PriceUnit    string            `json:"price_unit"`
	SID          string            `json:"sid"`
	Status       string            `json:"status"`
	Subresources map[string]string `json:"subresource_uris"`
	To           string            `json:"to"`
	URI          string            `json:"uri"`
}

// resource is the message as it is now. What waits to be sent has no date of it.
func (m *Message) resource() messageResource {
	m.mu.Lock()
	defer m.mu.Unlock()
	base := "/" + apiVersion + "/Accounts/" + m.owner.SID + "/Messages/" + m.sid
	skew := m.carrier.knobs.Skew
	r := messageResource{
		AccountSID: m.owner.SID, APIVersion: apiVersion, Body: m.body,
		DateCreated: stamp(m.created.Add(skew)), DateUpdated: stamp(m.updated.Add(skew)),
		Direction: m.direction, From: m.from, To: m.to, NumMedia: "0", NumSegments: strconv.Itoa(Segments(m.body)),
		PriceUnit: "USD", SID: m.sid, Status: m.status,
		Subresources: map[string]string{"media": base + "/Media.json"}, URI: base + ".json",
	}
	if !m.sent.IsZero() {
		r.DateSent = optional(stamp(m.sent.Add(skew)))
	}
	if code := m.code; code != 0 {
		r.ErrorCode, r.ErrorMessage = &code, optional("The message was not delivered")
	}
	return r
}

// createMessage sends a text.
func (c *Carrier) createMessage(a *account, r *http.Request) (int, any, *restError) {
	f := r.PostForm
	from, to, body := f.Get("From"), f.Get("To"), f.Get("Body")
	if fail := c.mayText(a, from, to, body); fail != nil {
		return 0, nil, fail
	}
	if address := f.Get("StatusCallback"); address != "" && !isWebAddress(address) {
		return 0, nil, failure(http.StatusBadRequest, 21609, "The StatusCallback URL is not a valid URL")
	}
	fault := c.texts.strike(to)
	if fault.Code != 0 && fault.Status == "" {
		return 0, nil, failure(http.StatusBadRequest, fault.Code, "The message was refused, as planned")
	}
	m, err := c.newMessage(a, outboundAPI, from, to, body)
	if err != nil {
		return 0, nil, failure(http.StatusServiceUnavailable, 20503, "Service unavailable")
	}
	m.callback, m.fault = f.Get("StatusCallback"), fault
	answer := m.resource() // before it goes on its way
	m.start(m.travel)
	return http.StatusCreated, answer, nil
}

// mayText checks who is written to from where, and what.
func (c *Carrier) mayText(a *account, from, to, body string) *restError {
	bad := func(code int, format string, args ...any) *restError {
		return failure(http.StatusBadRequest, code, fmt.Sprintf(format, args...))
	}
	sender, app := strings.CutPrefix(from, whatsApp)
	phone, same := strings.CutPrefix(to, whatsApp)
	switch {
	case to == "":
		return bad(21604, "A 'To' phone number is required.")
	case from == "":
		return bad(21603, "A 'From' phone number is required.")
	case body == "":
		return bad(21602, "Message body is required.")
	case !e164.MatchString(phone):
		return bad(21211, "Invalid 'To' Phone Number: %s", to)
	case !e164.MatchString(sender):
		return bad(21212, "Invalid From Number: %s", from)
	case app != same:
		return bad(21910, "Invalid From and To pair. From and To should be of the same channel")
	case from == to:
		return bad(21266, "'To' and 'From' number cannot be the same: %s", to)
	case len(utf16.Encode([]rune(body))) > maxText:
		return bad(21617, "The concatenated message body exceeds the 1600 character limit")
	case !c.texter(a, sender) && app:
		return bad(63007, "Twilio could not find a Channel with the specified From address")
	case !c.texter(a, sender):
		return bad(21606, "The 'From' phone number provided (%s) is not a valid message-capable Twilio phone number", from)
	case !c.regionAllowed(phone):
		return bad(21408, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: %s", to)
	case a.Trial && !slices.Contains(a.Verified, phone):
		return bad(21608, "The number %s is unverified. Trial accounts cannot send messages to unverified numbers", to)
	case c.texts.stopped(to, from):
		return bad(21610, "Attempt to send to unsubscribed recipient")
	}
	return nil
}

// texter reports whether a may write from number.
func (c *Carrier) texter(a *account, number string) bool {
	n, ok := c.number(number)
	return len(c.owned()) == 0 || ok && n.Account == a.SID && !n.NoTexts
}

// fetchMessage shows one text.
func (c *Carrier) fetchMessage(a *account, r *http.Request) (int, any, *restError) {
	sid, isJSON := strings.CutSuffix(r.PathValue("message"), ".json")
	for _, m := range c.Messages() {
		if isJSON && m.sid == sid && m.owner == a {
			return http.StatusOK, m.resource(), nil
		}
	}
	return 0, nil, notFound(r)
}

// listMessages lists an account's texts, the newest first.
func (c *Carrier) listMessages(a *account, r *http.Request) (int, any, *restError) {
	spans, fail := sentSpans(r.URL.Query())
	if fail != nil {
		return 0, nil, fail
	}
	q := r.URL.Query()
	found := slices.DeleteFunc(c.Messages(), func(m *Message) bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.owner != a || q.Get("From") != "" && q.Get("From") != m.from || q.Get("To") != "" && q.Get("To") != m.to ||
			slices.ContainsFunc(spans, func(s span) bool { return !s.includes(m.sent) })
	})
	slices.Reverse(found)
	return pageOf(r, "messages", found, func(m *Message) (any, string) { return m.resource(), m.sid })
}

// sentSpans are the conditions on when a text was sent.
func sentSpans(q url.Values) (spans []span, fail *restError) {
	for _, rel := range []string{"", "<", ">"} {
		text := q.Get("DateSent" + rel)
		if text == "" {
			continue
		}
		s, ok := parseSpan("DateSent", rel, text)
		if !ok {
			return nil, failure(http.StatusBadRequest, 20001, "DateSent is not a date")
		}
		spans = append(spans, s)
	}
	return spans, nil
}
