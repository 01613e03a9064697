package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"

	gomail "github.com/wneessen/go-mail"

	"github.com/hookswitch/hookswitch/telephony"
)

// unreached is why there was nobody to give a letter to. That is no fault of the
// letter, so it passes: somebody mends the server, its certificate, our password.
// What the server said is not repeated, it may name who logged in.
func unreached(err error) error {
	no := &telephony.TextError{Code: "unreachable", Why: "the mail server can't be reached", Passes: true}
	var said *textproto.Error
	var certificate *tls.CertificateVerificationError
	var wait net.Error
	switch {
	case errors.As(err, &said):
		no.Code, no.Why = strconv.Itoa(said.Code), "the mail server takes no letters from us"
		if said.Code == 535 || said.Code == 534 || said.Code == 530 {
			no.Why = "the mail server refused our user or password"
		}
	case errors.As(err, &certificate):
		no.Code, no.Why = "certificate", "the mail server's certificate is not trusted"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &wait) && wait.Timeout():
		no.Code, no.Why = "timeout", "the mail server took too long"
	}
	return no
}

// errLost means that nobody knows whether the server has the letter.
var errLost = errors.New("the mail server was gone before it said whether it has the letter")

// stages are where a letter was refused, in words.
var stages = map[gomail.SendErrReason]string{
	gomail.ErrSMTPMailFrom:  "the mail server refused the sender",
	gomail.ErrSMTPRcptTo:    "the mail server refused the recipient",
	gomail.ErrSMTPData:      "the mail server refused the letter",
	gomail.ErrSMTPDataClose: "the mail server refused the letter",
}

// refused is what became of a letter that was not sent for sure. A server says
// 4xx of what passes, 5xx of what doesn't (RFC 5321, section 4.2.1). One that
// said nothing has no letter, either, unless its last dot was sent: then it may
// have it. The library's own words name the recipient.
func refused(err error) error {
	var send *gomail.SendError
	if !errors.As(err, &send) {
		return fmt.Errorf("mail: %w", errLost)
	}
	code := send.ErrorCode()
	switch {
	case code == 0 && send.Reason == gomail.ErrSMTPDataClose:
		return fmt.Errorf("mail: %w", errLost)
	case code == 0:
		return &telephony.TextError{Code: "lost", Why: "the mail server was gone before it had the letter", Passes: true}
	}
	no := &telephony.TextError{Code: strconv.Itoa(code), Why: stages[send.Reason], Passes: code < 500}
	if no.Why == "" {
		no.Why = "the mail server refused the letter"
	}
	if more := send.EnhancedStatusCode(); more != "" {
		no.Why += " (" + more + ")"
	}
	return no
}
