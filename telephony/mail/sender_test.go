package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

func sender(t *testing.T, c Config) *Sender {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func text() telephony.Text {
	return telephony.Text{
		ID: "msg_1", Kind: telephony.Email, From: "Agent@Hooks.example", To: "ada@example.com", FromName: "Hook Äger",
		Subject: "Your order", Body: "Grüße,\nthe agent.\n.\nA line that begins with a dot stays.",
		Answers: []string{"<a@example.com>", "<b@example.com>"},
	}
}

func TestSendKeepsTheThread(t *testing.T) {
	var office postOffice
	id, err := sender(t, Config{Server: office.open(t)}).Send(t.Context(), text())
	if err != nil || id != "<msg_1@hooks.example>" {
		t.Fatalf("Send() = %q, %v", id, err)
	}
	got := office.got()
	if len(got) != 1 || got[0].from != "agent@hooks.example" || got[0].to != "ada@example.com" {
		t.Fatalf("the server got %+v", got)
	}
	for name, want := range map[string]string{
		"From":                     `=?utf-8?q?Hook_=C3=84ger?= <agent@hooks.example>`,
		"To":                       "<ada@example.com>",
		"Subject":                  "Re: Your order",
		"Message-ID":               "<msg_1@hooks.example>",
		"In-Reply-To":              "<b@example.com>",
		"References":               "<a@example.com> <b@example.com>",
		"Auto-Submitted":           "auto-replied",
		"X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",
		"X-Loop":                   "agent@hooks.example",
		"Content-Type":             "text/plain; charset=UTF-8",
		"MIME-Version":             "1.0",
		"User-Agent":               "",
	} {
		if have := got[0].header(name); have != want {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	if got[0].header("Date") == "" {
		t.Error("the letter has no Date")
	}
	m, err := Parse([]byte(got[0].raw))
	if err != nil || m.Body != text().Body || m.Subject != "Re: Your order" || !m.Automatic {
		t.Errorf("read again it is %+v, %v", m, err)
	}
}

func TestSendTwiceHasOneMessageID(t *testing.T) {
	var office postOffice
	s := sender(t, Config{Server: office.open(t)})
	for range 2 {
		if _, err := s.Send(t.Context(), text()); err != nil {
			t.Fatal(err)
		}
	}
	got := office.got()
	if len(got) != 2 || got[0].header("Message-ID") != got[1].header("Message-ID") {
		t.Errorf("the server got %d letters, want two of one Message-ID", len(got))
	}
	if id, err := s.Sent(t.Context(), text(), time.Time{}); id != "" || err != nil {
		t.Errorf("Sent() = %q, %v: SMTP can't be asked", id, err)
	}
}

func TestSendEncryptsAndLogsIn(t *testing.T) {
	server, client := certify(t)
	wrapped := func(l net.Listener) net.Listener { return tls.NewListener(l, server) }
	for claim, c := range map[string]struct {
		office *postOffice
		wrap   func(net.Listener) net.Listener
		form   string // of the server's address
		tls    *tls.Config
		code   string // of the error; empty: it is sent
	}{
		"STARTTLS and a password":        {&postOffice{user: "u", password: "p:w@", tls: server}, nil, "smtp://u:p%%3Aw%%40@%s?tls=starttls", client, ""},
		"TLS from the first byte":        {&postOffice{user: "u", password: "p"}, wrapped, "smtps://u:p@%s", client, ""},
		"a certificate of nobody's":      {&postOffice{tls: server}, nil, "smtp://%s?tls=starttls", nil, "certificate"},
		"no certificate at all":          {&postOffice{}, nil, "smtp://%s?tls=starttls", client, "unreachable"},
		"a wrong password":               {&postOffice{user: "u", password: "p", tls: server}, nil, "smtp://u:x@%s?tls=starttls", client, "535"},
		"no password where one is asked": {&postOffice{user: "u", password: "p", tls: server}, nil, "smtp://%s?tls=starttls", client, "502"},
		"in the clear, on loopback":      {&postOffice{user: "u", password: "p"}, nil, "smtp://u:p@%s", nil, ""},
	} {
		t.Run(claim, func(t *testing.T) {
			address := c.office.serve(t, c.wrap)
			_, err := sender(t, Config{Server: fmt.Sprintf(c.form, address), TLS: c.tls}).Send(t.Context(), text())
			if c.code != "" {
				var no *telephony.TextError
				if !errors.As(err, &no) || no.Code != c.code {
					t.Errorf("Send() = %v, want code %s", err, c.code)
				}
				if n := len(c.office.got()); n != 0 {
					t.Errorf("the server got %d letters", n)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := c.office.got()
			if len(got) != 1 || got[0].user != c.office.user {
				t.Fatalf("the server got %+v", got)
			}
			if want := c.office.tls != nil; c.wrap == nil && got[0].encrypted != want {
				t.Errorf("encrypted: %v, want %v", got[0].encrypted, want)
			}
		})
	}
}

func TestSendSaysWhatPasses(t *testing.T) {
	for claim, c := range map[string]struct {
		office *postOffice
		code   string // empty: nobody knows whether it was sent
		why    string
		passes bool
	}{
		"451 of the sender":    {&postOffice{onMail: reply(451, "later")}, "451", "refused the sender (4.1.1)", true},
		"451 of the recipient": {&postOffice{onRcpt: reply(451, "greylisted")}, "451", "refused the recipient (4.1.1)", true},
		"550 of the recipient": {&postOffice{onRcpt: reply(550, "unknown")}, "550", "refused the recipient (5.1.1)", false},
		"452 of the letter":    {&postOffice{onData: reply(452, "full")}, "452", "refused the letter (4.1.1)", true},
		"554 of the letter":    {&postOffice{onData: reply(554, "spam")}, "554", "refused the letter (5.1.1)", false},
		"gone with the letter": {&postOffice{dropAtData: true}, "", "", false},
	} {
		t.Run(claim, func(t *testing.T) {
			id, err := sender(t, Config{Server: c.office.open(t)}).Send(t.Context(), text())
			var no *telephony.TextError
			switch known := errors.As(err, &no); {
			case err == nil || id != "":
				t.Fatalf("Send() = %q, %v", id, err)
			case known != (c.code != ""):
				t.Fatalf("Send() = %#v: is it known that nothing was sent: %v", err, known)
			case known && (no.Code != c.code || no.Passes != c.passes || !strings.Contains(no.Why, c.why)):
				t.Errorf("Send() = %+v, want %+v", no, c)
			}
			if strings.Contains(err.Error(), "example") {
				t.Errorf("the error repeats an address: %v", err)
			}
		})
	}
}

// A server that says nothing, at the door or with the letter in its hands.
func TestSendDoesNotWaitForever(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	stalled := postOffice{stallAtData: make(chan struct{})}
	address := stalled.open(t)
	t.Cleanup(func() { close(stalled.stallAtData) }) // before the server is closed, which waits for it

	var no *telephony.TextError
	_, err = sender(t, Config{Server: silent.Addr().String(), Timeout: 50 * time.Millisecond}).Send(t.Context(), text())
	if !errors.As(err, &no) || no.Code != "timeout" && no.Code != "unreachable" || !no.Passes {
		t.Errorf("at the door: Send() = %v, want one that passes", err)
	}
	no = nil
	_, err = sender(t, Config{Server: address, Timeout: 2 * time.Second}).Send(t.Context(), text())
	if err == nil || errors.As(err, &no) {
		t.Errorf("with the letter in its hands: Send() = %v, want that nobody knows", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = sender(t, Config{Server: silent.Addr().String()}).Send(ctx, text()); err == nil {
		t.Error("Send() went on after its context was over")
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	office := postOffice{stallAtData: make(chan struct{}), atData: make(chan struct{})}
	s := sender(t, Config{Server: office.open(t), Timeout: time.Hour})
	t.Cleanup(func() { close(office.stallAtData) })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.Send(ctx, text())
		done <- err
	}()
	<-office.atData
	cancel()
	var no *telephony.TextError
	if err := <-done; err == nil || errors.As(err, &no) {
		t.Errorf("Send() = %v, want that nobody knows", err)
	}
}

// How the server parts from us, once it has the letter, changes nothing.
func TestSendIsDoneWhenTheServerHasIt(t *testing.T) {
	office := postOffice{dropAfter: true}
	if id, err := sender(t, Config{Server: office.open(t)}).Send(t.Context(), text()); id == "" || err != nil || len(office.got()) != 1 {
		t.Errorf("Send() = %q, %v, and the server has %d letters", id, err, len(office.got()))
	}
}

// A server that takes the connection and closes it, or that is not there.
func TestSendWithoutAServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "421 too many of you, ada@example.com\r\n")
			c.Close()
		}
	}()
	for _, want := range []string{"421", "unreachable"} {
		_, err := sender(t, Config{Server: l.Addr().String()}).Send(t.Context(), text())
		var no *telephony.TextError
		if !errors.As(err, &no) || no.Code != want || !no.Passes || strings.Contains(no.Error(), "@") {
			t.Errorf("Send() = %v, want %s, which passes", err, want)
		}
		l.Close()
		<-done
	}
}

func TestSendRefusesWhatIsNoLetter(t *testing.T) {
	var office postOffice
	s := sender(t, Config{Server: office.open(t)})
	for claim, change := range map[string]func(*telephony.Text){
		"another kind":                  func(m *telephony.Text) { m.Kind = telephony.Phone },
		"no recipient":                  func(m *telephony.Text) { m.To = "" },
		"a number":                      func(m *telephony.Text) { m.To = "+14155550100" },
		"two recipients":                func(m *telephony.Text) { m.To = "a@example.com, b@example.com" },
		"a command behind the address":  func(m *telephony.Text) { m.To = "a@example.com>\r\nRCPT TO:<b@example.com" },
		"a quoted local part":           func(m *telephony.Text) { m.To = `"a b"@example.com` },
		"an address that is too long":   func(m *telephony.Text) { m.To = strings.Repeat("a", 250) + "@example.com" },
		"a sender who is none":          func(m *telephony.Text) { m.From = "agent" },
		"an id that is no Message-ID":   func(m *telephony.Text) { m.ID = "a b" },
		"no id":                         func(m *telephony.Text) { m.ID = "" },
		"a body of more than any human": func(m *telephony.Text) { m.Body = strings.Repeat("a", maxBody+1) },
	} {
		m := text()
		change(&m)
		_, err := s.Send(t.Context(), m)
		var no *telephony.TextError
		if !errors.As(err, &no) || no.Passes || strings.Contains(no.Error(), "example") {
			t.Errorf("%s: Send() = %v, want a refusal for good that repeats no address", claim, err)
		}
	}
	if n := len(office.got()); n != 0 {
		t.Errorf("the server got %d letters", n)
	}
}

func TestNobodyAddsAHeader(t *testing.T) {
	var office postOffice
	m := text()
	const evil = "x\r\nBcc: eve@example.com\r\n\r\nbody\n\x00"
	m.Subject, m.FromName, m.Answers = evil, evil+`"<eve@example.com>`, []string{"<a@b>\r\nBcc: eve@example.com", "no id", "<c d@e>"}
	if _, err := sender(t, Config{Server: office.open(t)}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := office.got()[0]
	if got.header("Bcc") != "" || got.header("References") != "<a@b>" || got.header("In-Reply-To") != "<a@b>" {
		t.Errorf("the letter has a header of somebody else's:\n%s", got.raw)
	}
	if want := `"x Bcc: eve@example.com body \"<eve@example.com>" <agent@hooks.example>`; got.header("From") != want {
		t.Errorf("From: %q, want %q", got.header("From"), want)
	}
	if want := "Re: x Bcc: eve@example.com body"; got.header("Subject") != want {
		t.Errorf("Subject: %q, want %q", got.header("Subject"), want)
	}
}

func TestSubject(t *testing.T) {
	for _, c := range []struct {
		in      string
		answers bool
		want    string
	}{
		{"Order", false, "Order"}, {"Order", true, "Re: Order"}, {"Re: Order", true, "Re: Order"}, {"RE : Order", true, "RE : Order"},
		{"AW: Order", true, "AW: Order"}, {"Re[2]: Order", true, "Re[2]: Order"}, {"Regarding: x", true, "Re: Regarding: x"},
		{"", true, "Re:"}, {"", false, ""}, {"a\n b\t\tc", false, "a b c"},
	} {
		if got := subject(c.in, c.answers); got != c.want {
			t.Errorf("subject(%q, %v) = %q, want %q", c.in, c.answers, got, c.want)
		}
	}
	if got := len(subject(strings.Repeat("ä", 999), false)); got != 2*maxSubject {
		t.Errorf("a long subject has %d bytes", got)
	}
}

func TestALongThreadKeepsItsRootAndItsEnd(t *testing.T) {
	var all []string
	for i := range 50 {
		all = append(all, fmt.Sprintf("<%d@a>", i))
	}
	got := ids(strings.Join(all, " "))
	if len(got) != maxThread || got[0] != "<0@a>" || got[1] != "<31@a>" || got[maxThread-1] != "<49@a>" {
		t.Errorf("ids() = %v", got)
	}
}

func TestParseServer(t *testing.T) {
	for raw, want := range map[string]string{
		"mail.example.com:25":                       "mail.example.com:25 0 /",
		"smtp://mail.example.com":                   "mail.example.com:587 0 /",
		"smtp://u:p%40@mail.example.com:2525":       "mail.example.com:2525 0 u/p@",
		"smtps://u:p@mail.example.com":              "mail.example.com:465 1 u/p",
		"smtp://10.0.0.1:25?tls=none":               "10.0.0.1:25 2 /",
		"smtp://localhost":                          "localhost:587 2 /",
		"smtp://u:p@[::1]:25":                       "[::1]:25 2 u/p",
		"smtp://u:p@127.0.0.1?tls=starttls":         "127.0.0.1:587 0 u/p",
		"":                                          "",
		"http://mail.example.com":                   "",
		"smtp://":                                   "",
		"smtp://mail.example.com:0":                 "",
		"smtp://mail.example.com:70000":             "",
		"smtp://mail.example.com/inbox":             "",
		"smtp://mail.example.com?tls=maybe":         "",
		"smtps://mail.example.com?tls=none":         "",
		"smtp://u:secret@mail.example.com?tls=none": "",
	} {
		s, err := parseServer(raw)
		if err != nil {
			if want != "" || strings.Contains(err.Error(), "secret") {
				t.Errorf("parseServer(%q) = %v", raw, err)
			}
			continue
		}
		if got := fmt.Sprintf("%s %d %s/%s", s.address(), s.security, s.user, s.password); got != want {
			t.Errorf("parseServer(%q) = %q, want %q", raw, got, want)
		}
	}
}
