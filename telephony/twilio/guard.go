package twilio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/telephony"
)

const (
	signatureHeader = "X-Twilio-Signature"
	accountField    = "AccountSid"
	callField       = "CallSid"
	messageField    = "MessageSid"

	// In the queries of addresses that we gave. One parameter is always sorted;
	// more of them are written sorted, because Twilio sorts what it asks for but
	// signs it as it was.
	callParam     = "call"     // our own id of a call that we placed, or of a transfer whose other leg this is
	transferParam = "transfer" // the transfer whose step is over
	textParam     = "text"     // our own id of a text that we sent

	maxForm = 64 << 10 // bytes; a real one has about 1,500
	maxURI  = 8 << 10
	maxID   = 128 // bytes of an id of ours
)

// request is a webhook that was signed by the account that it names.
type request struct {
	*http.Request
	form     url.Values
	account  string // whose call it is; empty: the trunk's own
	sid      string // of the call or message that it is about
	call     telephony.CallID
	transfer telephony.CallID
	text     string // our id of a text
}

// refusal is why a request is not served, and the HTTP status that says so.
type refusal struct {
	status int
	reason string
	err    error // what we could not do; nil if the request itself is at fault
}

// form is about a call; see about.
func (t *Trunk) form(serve func(http.ResponseWriter, request)) http.HandlerFunc {
	return t.about(callField, serve)
}

// about reads a POST's form, bounded, and lets it through only when it has an id
// of Twilio's in field and was signed by the very account that it names.
func (t *Trunk) about(field string, serve func(http.ResponseWriter, request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), deskTimeout)
		defer cancel()
		form, no := readForm(w, r)
		if no == nil {
			no = t.vouch(ctx, r, form.Get(accountField), t.signedURLs(r), form)
		}
		if no != nil {
			t.refuse(w, r, *no)
			return
		}
		query := r.URL.Query()
		q := request{
			Request:  r.WithContext(ctx),
			form:     form,
			account:  t.accountOf(form.Get(accountField)),
			sid:      form.Get(field),
			call:     telephony.CallID(query.Get(callParam)),
			transfer: telephony.CallID(query.Get(transferParam)),
			text:     query.Get(textParam),
		}
		if !plain(q.sid) || !printable(string(q.call), maxID) || !printable(string(q.transfer), maxID) || !printable(q.text, maxID) {
			t.refuse(w, r, refusal{status: http.StatusBadRequest, reason: ReasonBadForm})
			return
		}
		serve(w, q)
	}
}

// readForm reads a form of which nobody knows yet who sent it.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, *refusal) {
	if r.Header.Get(signatureHeader) == "" {
		return nil, &refusal{status: http.StatusForbidden, reason: ReasonUnsigned}
	}
	if len(r.RequestURI) > maxURI {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, reason: ReasonBodyTooBig}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, reason: ReasonBodyTooBig}
	}
	form, perr := url.ParseQuery(string(body))
	// Of a field that comes twice a signature may cover one value only. Nobody
	// is to choose which account, call or message that is.
	if err != nil || perr != nil || len(form[accountField]) > 1 || len(form[callField]) > 1 || len(form[messageField]) > 1 {
		return nil, &refusal{status: http.StatusBadRequest, reason: ReasonBadForm}
	}
	return form, nil
}

// vouch checks that account sid signed r, for one of addresses, with form; nil
// for a GET. A token of any other account, were it the parent's, proves nothing.
func (t *Trunk) vouch(ctx context.Context, r *http.Request, sid string, addresses []string, form url.Values) *refusal {
	signature := r.Header.Get(signatureHeader)
	if signature == "" {
		return &refusal{status: http.StatusForbidden, reason: ReasonUnsigned}
	}
	validator, err := t.validatorOf(ctx, sid)
	switch {
	case errors.Is(err, ErrNoAccount):
		return &refusal{status: http.StatusForbidden, reason: ReasonWrongAccount}
	case err != nil: // Twilio then asks the fallback address
		return &refusal{status: http.StatusServiceUnavailable, reason: ReasonAccountsFailed, err: err}
	}
	for _, address := range addresses {
		if validator.Valid(address, form, signature) {
			return nil
		}
	}
	return &refusal{status: http.StatusForbidden, reason: ReasonBadSignature}
}

// validatorOf returns what checks the signatures of account sid.
func (t *Trunk) validatorOf(ctx context.Context, sid string) (*Validator, error) {
	if sid == t.c.AccountSID {
		return t.validator, nil
	}
	a, err := t.other(ctx, sid)
	if err != nil {
		return nil, err
	}
	return NewValidator(append([]string{a.Token}, a.OldTokens...)...), nil
}

// other finds an account that is not the trunk's own.
func (t *Trunk) other(ctx context.Context, sid string) (Account, error) {
	if t.c.Accounts == nil || !accountSID.MatchString(sid) {
		return Account{}, ErrNoAccount
	}
	a, err := t.c.Accounts.Account(ctx, sid)
	if err == nil && a.SID != sid {
		return Account{}, ErrNoAccount
	}
	return a, err
}

// accountOf is account sid as the desk names it.
func (t *Trunk) accountOf(sid string) string {
	if sid == t.c.AccountSID {
		return ""
	}
	return sid
}

// signedURLs are the addresses under which Twilio may know r: below our public
// one, and the one that it falls back to, with path and query exactly as they
// were sent. What the request itself says of its host is anybody's word.
func (t *Trunk) signedURLs(r *http.Request) []string {
	uri := r.RequestURI
	if !strings.HasPrefix(uri, "/") { // a proxy may send the absolute form
		uri = r.URL.RequestURI()
	}
	urls := []string{t.base + uri}
	if t.fallback != "" {
		urls = append(urls, t.fallback+uri)
	}
	return urls
}

// socketURLs is signedURLs for a websocket: wss where we are https.
func (t *Trunk) socketURLs(r *http.Request) []string {
	urls := t.signedURLs(r)
	for i := range urls {
		urls[i] = "ws" + strings.TrimPrefix(urls[i], "http")
	}
	return urls
}

// printable reports whether text is UTF-8 without control characters, in at
// most limit bytes.
func printable(text string, limit int) bool {
	return len(text) <= limit && utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0
}
