package mail

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/hookswitch/hookswitch/telephony"
)

// Path is where letters are posted to.
const Path = "/mail/inbound"

// Reasons why a letter was not taken, for [InboundConfig.Count].
const (
	ReasonUnsigned   = "unsigned"   // no signature, a wrong one, or nobody's address: which of them, is not told
	ReasonTooBig     = "too_big"    // more than InboundConfig.Max
	ReasonUnreadable = "unreadable" // no letter
	ReasonFailed     = "failed"     // we could not keep it; it is to come again
)

const (
	minKey       = 16 // bytes of a key; an empty one would be everybody's
	maxWebhookID = 128
)

// InboundConfig says who may bring letters, and who takes them.
type InboundConfig struct {
	// Key returns the key that signs what comes for an address of ours, of 16
	// bytes or more, or [telephony.ErrNoChannel]. Required.
	Key   func(ctx context.Context, address string) ([]byte, error)
	Inbox telephony.Inbox // Required.

	Max     int64               // bytes of a letter, with what is attached. Zero means 1 MiB.
	Timeout time.Duration       // of keeping one. Zero means 10 s.
	Log     *slog.Logger        // nil discards
	Count   func(reason string) // told of each letter that was not taken; any goroutine. nil ignores.
}

// Inbound takes the letters that a mail server or a service posts to [Path]:
// whole ones (message/rfc822), or as JSON:
//
//	{"from", "to", "cc", "subject", "text", "html", "message_id", "in_reply_to",
//	 "references", "headers": {name: value or [values]}, "attachments": []}
//
// A request is signed by Standard Webhooks with the key of the channel that it is
// for. Whose that is, is said by the query, ?to=address; without it, by the
// letter's Delivered-To, X-Original-To, To and Cc. Of several, each channel gets
// it whose key signed it, and no other.
//
// A letter that a machine wrote is handed on as such. Who sent it is known as
// well as the mail server knows: From can be forged, and is for it to judge.
type Inbound struct{ c InboundConfig }

// NewInbound makes what takes letters.
func NewInbound(c InboundConfig) (*Inbound, error) {
	if c.Key == nil || c.Inbox == nil {
		return nil, errors.New("mail: InboundConfig needs Key and Inbox")
	}
	if c.Max <= 0 {
		c.Max = 1 << 20
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	return &Inbound{c}, nil
}

// Handler serves [Path].
func (in *Inbound) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, in.post)
	return mux
}

// refusal is why a letter is not taken.
type refusal struct {
	status int
	reason string
	text   string // for whoever brought it
	err    error  // what we could not do; nil if the request itself is at fault
}

var (
	noUnsigned = &refusal{status: http.StatusUnauthorized, reason: ReasonUnsigned, text: "the request must be signed with the key of the channel that it is for"}
	noLetter   = &refusal{status: http.StatusBadRequest, reason: ReasonUnreadable, text: "this is no letter that can be read"}
	noKind     = &refusal{status: http.StatusUnsupportedMediaType, reason: ReasonUnreadable, text: "a letter is message/rfc822 or application/json"}
	noRoom     = &refusal{status: http.StatusRequestEntityTooLarge, reason: ReasonTooBig, text: "the letter is too big"}
)

func failed(err error) *refusal {
	return &refusal{status: http.StatusServiceUnavailable, reason: ReasonFailed, text: "the letter could not be kept; send it again", err: err}
}

func (in *Inbound) post(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), in.c.Timeout)
	defer cancel()
	no := in.take(ctx, w, r)
	w.Header().Set("Content-Type", "application/json")
	if no == nil {
		_, _ = io.WriteString(w, `{"status":"received"}`+"\n")
		return
	}
	in.c.Count(no.reason)
	if no.err != nil {
		in.c.Log.Error("a letter could not be kept", "err", no.err)
		w.Header().Set("Retry-After", "30")
	}
	w.WriteHeader(no.status)
	_, _ = io.WriteString(w, `{"error":"`+no.text+`"}`+"\n")
}

// take reads the letter of r, and hands it to the inbox under each address that
// it was signed for. Nothing but its header is read before that is known.
func (in *Inbound) take(ctx context.Context, w http.ResponseWriter, r *http.Request) *refusal {
	webhook := r.Header.Get(standard.HeaderWebhookID)
	if webhook == "" || len(webhook) > maxWebhookID || r.Header.Get(standard.HeaderWebhookSignature) == "" {
		return noUnsigned
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, in.c.Max))
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return noRoom
	case err != nil:
		return noLetter
	}
	l, no := letterIn(r.Header.Get("Content-Type"), body)
	if no != nil {
		return no
	}
	to := recipients(l.header)
	if named := r.URL.Query().Get("to"); named != "" {
		address, ok := Address(named)
		if !ok {
			return noUnsigned
		}
		to = []string{address}
	}
	if to, no = in.signedFor(ctx, to, r.Header, body); no != nil {
		return no
	}
	m, err := l.read()
	if err != nil {
		return noLetter
	}
	if m.Carrier == "" { // the same letter again has the same
		m.Carrier = "webhook:" + line(webhook, maxWebhookID)
	}
	return in.hand(ctx, m, l.header, to)
}

// hand gives m to the inbox for each address. That one of them failed brings it
// again for all, and the others change nothing then.
func (in *Inbound) hand(ctx context.Context, m telephony.TextIn, h textproto.MIMEHeader, to []string) *refusal {
	for _, address := range to {
		one := m
		one.To, one.Automatic = address, m.Automatic || looped(h, m.From, address)
		if err := in.c.Inbox.Received(ctx, one); err != nil && !errors.Is(err, telephony.ErrNoChannel) {
			return failed(err)
		}
	}
	return nil
}

// signedFor are those of addresses whose key signed the request, in the last
// five minutes. Whether there is a channel at the others is nobody's business.
func (in *Inbound) signedFor(ctx context.Context, addresses []string, h http.Header, body []byte) ([]string, *refusal) {
	var signed []string
	for _, address := range addresses {
		key, err := in.c.Key(ctx, address)
		if errors.Is(err, telephony.ErrNoChannel) || err == nil && len(key) < minKey {
			continue
		}
		if err != nil {
			return nil, failed(err)
		}
		check, err := standard.NewWebhookRaw(key)
		if err != nil {
			return nil, failed(err)
		}
		if check.Verify(body, h) == nil {
			signed = append(signed, address)
		}
	}
	if len(signed) == 0 {
		return nil, noUnsigned
	}
	return signed, nil
}

// posting is a letter of which only the header was read.
type posting struct {
	header textproto.MIMEHeader
	read   func() (telephony.TextIn, error)
}

func letterIn(contentType string, body []byte) (posting, *refusal) {
	kind, _, _ := mime.ParseMediaType(contentType)
	switch strings.ToLower(kind) {
	case "message/rfc822":
		e, err := open(body)
		if err != nil {
			return posting{}, noLetter
		}
		return posting{e.Header.Map(), func() (telephony.TextIn, error) { return Parse(body) }}, nil
	case "application/json":
		p, err := parsePosted(body)
		if err != nil {
			return posting{}, noLetter
		}
		return posting{p.header(), p.letter}, nil
	}
	return posting{}, noKind
}
