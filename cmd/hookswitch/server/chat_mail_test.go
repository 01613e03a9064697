package server_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// postOffice is a real mail server on loopback that keeps what it gets.
type postOffice struct {
	address string
	mu      sync.Mutex
	letters []*mail.Message
}

func newPostOffice(t *testing.T) *postOffice {
	p := &postOffice{}
	s := smtp.NewServer(p)
	s.Domain = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		l.Close() // Serve may not have begun
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve() = %v", err)
		}
	})
	return p
}

// to are the letters to an address.
func (p *postOffice) to(address string) (all []*mail.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.letters {
		if strings.Contains(l.Header.Get("To"), address) {
			all = append(all, l)
		}
	}
	return all
}

// NewSession implements [smtp.Backend].
func (p *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return (*visit)(p), nil }

// visit is one connection to a postOffice.
type visit postOffice

func (v *visit) Mail(string, *smtp.MailOptions) error { return nil }
func (v *visit) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (v *visit) Reset()                               {}
func (v *visit) Logout() error                        { return nil }

func (v *visit) Data(r io.Reader) error {
	l, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(l.Body)
	if err != nil {
		return err
	}
	l.Body = strings.NewReader(string(body))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.letters = append(v.letters, l)
	return nil
}

// mailSecret is the key of a channel's inbound webhook.
var mailSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("the key of a mail channel"))

// posts brings a letter for an address, signed with key.
func (w *writing) posts(kind, to, key, letter string) (status int) {
	w.t.Helper()
	signer, err := standard.NewWebhook(key)
	if err != nil {
		w.t.Fatal(err)
	}
	now := time.Now()
	id := fmt.Sprintf("msg_%d", now.UnixNano())
	signature, err := signer.Sign(id, now, []byte(letter))
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.PublicURL()+"/mail/inbound?to="+to, strings.NewReader(letter))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set(standard.HeaderWebhookID, id)
	r.Header.Set(standard.HeaderWebhookTimestamp, fmt.Sprint(now.Unix()))
	r.Header.Set(standard.HeaderWebhookSignature, signature)
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// written is a letter from somebody, with further lines of its header.
func written(from, to, id, subject, body string, header ...string) string {
	lines := append([]string{"From: " + from, "To: " + to, "Message-ID: " + id, "Subject: " + subject, "Date: Sun, 22 Nov 2026 10:00:00 +0000"}, header...)
	return strings.Join(append(lines, "", body), "\r\n")
}

func TestLettersAreAnswered(t *testing.T) {
	t.Parallel()
	office := newPostOffice(t)
	w := newWriting(t, sim.Knobs{}, func(o *server.Options) { o.Config.Mail.SMTP = "smtp://" + office.address })
	const ours = "tea@example.com"
	agent := w.clerk("Tea", "", nil, nil)
	w.channel(telephony.Email, ours, agent, `,"inbound_secret":"`+mailSecret+`"`)
	const rfc = "message/rfc822"
	play(func() {
		const ada = "ada@example.org"
		first := written("Ada <Ada@Example.org>", ours, "<1@example.org>", "Tea", "When is tea?")
		for range 2 {
			if status := w.posts(rfc, ours, mailSecret, first); status != 200 {
				t.Fatalf("a letter: %d", status)
			}
		}
		w.ends(ada, "in answered", "out sent")
		got := office.to(ada)
		if len(got) != 1 {
			t.Fatalf("%d letters came back, want one", len(got))
		}
		h := got[0].Header
		if h.Get("Subject") != "Re: Tea" || h.Get("In-Reply-To") != "<1@example.org>" || h.Get("References") != "<1@example.org>" || !strings.Contains(h.Get("From"), ours) {
			t.Errorf("the answer's header: %v", h)
		}
		// Their mail program answers that, as JSON by another service.
		second := fmt.Sprintf(`{"from":"Ada <ada@example.org>","to":"tea@example.com","subject":"Re: Tea","text":"And coffee?\n\n> You wrote","message_id":"<2@example.org>","in_reply_to":%q,"references":%q}`,
			h.Get("Message-Id"), "<1@example.org> "+h.Get("Message-Id"))
		if status := w.posts("application/json", ours, mailSecret, second); status != 200 {
			t.Fatalf("a letter as JSON: %d", status)
		}
		w.ends(ada, "in answered", "out sent", "in answered", "out sent")
		answer := office.to(ada)[1].Header
		if want := "<1@example.org> " + h.Get("Message-Id") + " <2@example.org>"; strings.Join(strings.Fields(answer.Get("References")), " ") != want || answer.Get("In-Reply-To") != "<2@example.org>" || answer.Get("Subject") != "Re: Tea" {
			t.Errorf("the second answer's header: %v, want references %s", answer, want)
		}
		if asked := w.model.asked("Tea"); !strings.Contains(fmt.Sprint(asked), "And coffee?") || strings.Contains(fmt.Sprint(asked), "> You wrote") {
			t.Errorf("the model was asked %+v", asked)
		}
	}, func() {
		for who, header := range map[string]string{
			"vacation@example.org": "Auto-Submitted: auto-replied", "list@example.org": "Precedence: bulk", "mailer-daemon@example.org": "X-Anything: else", "loop@example.org": "X-Loop: " + ours,
		} {
			if status := w.posts(rfc, ours, mailSecret, written(who, ours, "<"+who+">", "Re: Tea", "I am away.", header)); status != 200 {
				t.Errorf("a letter of %s: %d", who, status)
			}
			if got := w.fates(who); len(got) != 1 || got[0] != "in dropped automatic" {
				t.Errorf("%s: %q, want it dropped", who, got)
			}
		}
		if status := w.posts(rfc, ours, mailSecret, written(ours, ours, "<self@example.com>", "Tea", "A loop")); status != 200 || len(w.fates(ours)) != 1 || w.fates(ours)[0] != "in dropped automatic" {
			t.Errorf("a letter from our own address: %d, %q", status, w.fates(ours))
		}
	}, func() {
		letter := written("eve@example.org", ours, "<eve@example.org>", "Tea", "Let me in")
		wrong := "whsec_" + base64.StdEncoding.EncodeToString([]byte("another key of 24 bytes.."))
		for _, to := range []string{ours, "nobody@example.com"} {
			if status := w.posts(rfc, to, wrong, letter); status != 401 {
				t.Errorf("signed with another key, for %s: %d, want 401", to, status)
			}
		}
		if status := w.posts(rfc, "nobody@example.com", mailSecret, letter); status != 401 {
			t.Errorf("for an address of nobody's: %d, want 401", status)
		}
		if got := w.fates("eve@example.org"); got != nil {
			t.Errorf("it was kept: %q", got)
		}
	})
	for _, who := range []string{"vacation@", "list@", "mailer-daemon@", "loop@", ours, "eve@"} {
		if got := office.to(who); len(got) != 0 {
			t.Errorf("%s was answered: %v", who, got[0].Header)
		}
	}
}

// One letter to two of ours is a chat with each of them.
func TestALetterToTwoOfOurs(t *testing.T) {
	t.Parallel()
	office := newPostOffice(t)
	w := newWriting(t, sim.Knobs{}, func(o *server.Options) { o.Config.Mail.SMTP = "smtp://" + office.address })
	for _, name := range []string{"Tea", "Coffee"} {
		w.channel(telephony.Email, strings.ToLower(name)+"@example.com", w.clerk(name, "", func(chat) string { return says(name + " it is.") }, nil), `,"inbound_secret":"`+mailSecret+`"`)
	}
	letter := written("ada@example.org", "tea@example.com, Coffee <coffee@example.com>", "<1@example.org>", "Drinks", "Which one?")
	if status := w.posts("message/rfc822", "", mailSecret, letter); status != 200 {
		t.Fatalf("the letter: %d", status)
	}
	w.soon("two answers", func() bool { return len(office.to("ada@example.org")) == 2 })
	var bodies []string
	for _, l := range office.to("ada@example.org") {
		body, _ := io.ReadAll(l.Body)
		bodies = append(bodies, string(body))
	}
	if all := strings.Join(bodies, "\n"); !strings.Contains(all, "Tea it is.") || !strings.Contains(all, "Coffee it is.") {
		t.Errorf("the answers are %q", bodies)
	}
}

// Without a mail server, the message says so.
func TestWithoutAMailServerAnAnswerHasFailed(t *testing.T) {
	t.Parallel()
	w := newWriting(t, sim.Knobs{}, nil)
	const ours = "tea@example.com"
	id := w.channel(telephony.Email, ours, w.clerk("Tea", "", nil, nil), `,"inbound_secret":"`+mailSecret+`"`)
	if status := w.posts("message/rfc822", ours, mailSecret, written("ada@example.org", ours, "<1@example.org>", "Tea", "When is tea?")); status != 200 {
		t.Fatalf("a letter: %d", status)
	}
	w.ends("ada@example.org", "in answered", "out failed no_mail_server")
	c, _ := w.talk("ada@example.org")
	if got := w.gets(200, "GET", "/chats/"+c.ID+"/messages", ""); c.Channel != id || got.str("data.1.delivery_status") != "failed" || got.str("data.1.error") != "no_mail_server" {
		t.Errorf("the API says %s", got.text)
	}
}
