package mail

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"

	"github.com/hookswitch/hookswitch/telephony"
)

// ErrUnreadable means that something is no letter, or one of nobody.
var ErrUnreadable = errors.New("mail: this is no letter that can be read")

const (
	maxHeaders    = 64 << 10 // bytes of a letter's, or a part's
	maxRecipients = 10       // addresses that are looked at
)

// Parse reads a letter as it is sent (RFC 5322, MIME). Of its text only what is
// new is kept: earlier letters that it quotes, and a signature, are not. To is
// empty: who got it is known from the envelope. What a header says that nobody
// can read is left out; without a sender it is [ErrUnreadable].
func Parse(raw []byte) (telephony.TextIn, error) {
	e, err := open(raw)
	if err != nil {
		return telephony.TextIn{}, err
	}
	w := walk{}
	text, _ := w.read(e, 0)
	return letterOf(textproto.MIMEHeader(e.Header.Map()), text, w.media)
}

// letterOf is a letter of a header and a text.
func letterOf(h textproto.MIMEHeader, text string, media int) (telephony.TextIn, error) {
	from := addresses(h["From"])
	if len(from) == 0 {
		return telephony.TextIn{}, fmt.Errorf("%w: it has no sender", ErrUnreadable)
	}
	m := telephony.TextIn{
		Kind:      telephony.Email,
		From:      from[0],
		Subject:   line(decoded(h.Get("Subject")), maxSubject),
		Body:      fresh(text),
		Media:     media,
		Answers:   answers(h),
		Automatic: wroteItself(h, from[0]),
	}
	if id := ids(h.Get("Message-Id")); len(id) > 0 {
		m.Carrier = id[0]
	}
	if m.Body == "" { // people write STOP into the subject, and nothing else
		m.Body = m.Subject
	}
	return m, nil
}

// answers are the letters that one answers, oldest first: the last one is what
// it answers itself.
func answers(h textproto.MIMEHeader) []string {
	all := ids(strings.Join(h["References"], " "))
	direct := ids(strings.Join(h["In-Reply-To"], " "))
	if len(direct) > 0 && !slices.Contains(all, direct[0]) {
		all = append(all, direct[0])
	}
	return thread(all)
}

// recipients are whom a letter names as those who get it, each once.
func recipients(h textproto.MIMEHeader) []string {
	var all []string
	for _, name := range []string{"Delivered-To", "X-Original-To", "To", "Cc"} {
		for _, address := range addresses(h[name]) {
			if len(all) < maxRecipients && !slices.Contains(all, address) {
				all = append(all, address)
			}
		}
	}
	return all
}

// open reads a letter's header. Of its body nothing is read yet.
func open(raw []byte) (*message.Entity, error) {
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: maxHeaders})
	if e == nil {
		return nil, fmt.Errorf("%w: its header is broken", ErrUnreadable)
	}
	_ = err // an unknown charset: the letter can be read as it is
	return e, nil
}

// bracketed finds an address in a line that is formed otherwise than it should be.
var bracketed = regexp.MustCompile(`<([^<>\s]+@[^<>\s]+)>`)

// addresses are those in the values of a header, without names, in lower case.
func addresses(values []string) []string {
	parser := mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: charset.Reader}}
	var all []string
	for _, value := range values {
		if len(value) > maxHeaders {
			continue
		}
		var found []string
		if list, err := parser.ParseList(value); err == nil {
			for _, a := range list {
				found = append(found, a.Address)
			}
		} else {
			for _, m := range bracketed.FindAllStringSubmatch(value, maxRecipients) {
				found = append(found, m[1])
			}
		}
		for _, each := range found {
			if address, ok := Address("<" + each + ">"); ok {
				all = append(all, address)
			}
		}
	}
	return all
}

// decoded is a header's text in UTF-8; as it was written when it can't be read.
func decoded(raw string) string {
	text, err := (&mime.WordDecoder{CharsetReader: charset.Reader}).DecodeHeader(raw)
	if err != nil {
		return raw
	}
	return text
}
