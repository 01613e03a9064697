package mail

import (
	"net/mail"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/hookswitch/hookswitch/telephony"
)

// ownID is what an id of ours looks like: letters that a Message-ID may hold.
var ownID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)

// answering is how a subject begins that says already what it answers, in the
// words of the most common programs.
var answering = regexp.MustCompile(`(?i)^(re|aw|sv|vs|antw|rif|odp)\s*(\[\d+\])?\s*:`)

// compose writes t as a letter of plain text, and says its Message-ID. That
// follows from t's own id: who gets it twice, because we could not know that it
// was sent, has the means to drop the second.
//
// It has no List-Unsubscribe: RFC 8058 wants that for bulk mail, and this is one
// person being written to. They opt out by answering STOP.
func compose(t telephony.Text) (m *gomail.Msg, id string, no *telephony.TextError) {
	from, ok := Address(t.From)
	if !ok {
		return nil, "", &telephony.TextError{Code: "bad_sender", Why: "the sender's address is none"}
	}
	to, ok := Address(t.To)
	if !ok {
		return nil, "", &telephony.TextError{Code: "bad_recipient", Why: "the recipient's address is none"}
	}
	switch {
	case !ownID.MatchString(t.ID):
		return nil, "", &telephony.TextError{Code: "bad_id", Why: "the message has no id that a Message-ID can be made of"}
	case len(t.Body) > maxBody:
		return nil, "", &telephony.TextError{Code: "too_big", Why: "the message is longer than 64 KiB"}
	}
	id = t.ID + "@" + domainOf(from)

	m = gomail.NewMsg(gomail.WithEncoding(gomail.EncodingQP), gomail.WithCharset(gomail.CharsetUTF8), gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&mail.Address{Name: line(t.FromName, maxName), Address: from})
	m.ToMailAddress(&mail.Address{Address: to})
	m.SetMessageIDWithValue(id)
	answers := ids(strings.Join(t.Answers, " "))
	m.Subject(subject(t.Subject, len(answers) > 0))
	if len(answers) > 0 {
		m.SetGenHeader(gomail.HeaderInReplyTo, answers[len(answers)-1])
		m.SetGenHeader(gomail.HeaderReferences, strings.Join(answers, " "))
	}
	automatic(m, from, len(answers) > 0)
	m.SetBodyString(gomail.TypeTextPlain, strings.ToValidUTF8(t.Body, "\uFFFD"))
	return m, "<" + id + ">", nil
}

// automatic says to the other side's machines that a machine wrote m, so that
// none of them answers (RFC 3834, section 5). Bounces are wanted.
func automatic(m *gomail.Msg, from string, answers bool) {
	kind := "auto-generated"
	if answers {
		kind = "auto-replied"
	}
	m.SetGenHeader(headerAuto, kind)
	m.SetGenHeader(headerSuppress, "DR, RN, NRN, OOF, AutoReply")
	m.SetGenHeader(headerLoop, from)
}

// subject is that of a letter: of an answer it begins with "Re: ", once (RFC
// 5322, section 3.6.5).
func subject(text string, answers bool) string {
	text = line(text, maxSubject)
	switch {
	case !answers || answering.MatchString(text):
		return text
	case text == "":
		return "Re:"
	}
	return "Re: " + text
}
