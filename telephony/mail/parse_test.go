package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWhatALetterSays(t *testing.T) {
	const plainPart, htmlPart = "Content-Type: text/plain; charset=utf-8\r\n\r\nplain\r\n", "Content-Type: text/html\r\n\r\n<p>rich</p>\r\n"
	parts := func(kind string, all ...string) []string {
		return []string{"Content-Type: multipart/" + kind + "; boundary=b", "", "--b\r\n" + strings.Join(all, "--b\r\n") + "--b--"}
	}
	for claim, c := range map[string]struct {
		lines []string
		want  string
		media int
	}{
		"plain":                        {[]string{"", "Hello."}, "Hello.", 0},
		"latin-1, quoted":              {[]string{"Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable", "", "Gr=FC=\r\n=DFe"}, "Grüße", 0},
		"base64 in windows-1251":       {[]string{"Content-Type: text/plain; charset=windows-1251", "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString([]byte{0xcf, 0xf0, 0xe8})}, "При", 0},
		"an unknown charset":           {[]string{"Content-Type: text/plain; charset=martian", "", "Hi \xff"}, "Hi \uFFFD", 0},
		"an unknown encoding":          {[]string{"Content-Transfer-Encoding: martian", "", "Hi"}, "Hi", 0},
		"the plain one of two":         {parts("alternative", htmlPart, plainPart), "plain", 0},
		"markup alone":                 {parts("alternative", htmlPart), "rich", 0},
		"with an attachment":           {parts("mixed", plainPart, "Content-Type: image/png\r\nContent-Disposition: attachment\r\n\r\nxx\r\n"), "plain", 1},
		"a text that is attached":      {parts("mixed", plainPart, "Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nxx\r\n"), "plain", 1},
		"a multipart without boundary": {[]string{"Content-Type: multipart/mixed", "", "Hi"}, "S", 0},
		"a multipart that breaks off":  {[]string{"Content-Type: multipart/mixed; boundary=b", "", "--b\r\n" + plainPart}, "plain", 0},
		"control characters":           {[]string{"", "a\x00b\x1b[1mc"}, "ab[1mc", 0},
		"nothing: the subject":         {[]string{"", " \r\n"}, "S", 0},
	} {
		m, err := Parse([]byte(raw(append([]string{"From: a@b.example", "Subject: S"}, c.lines...)...)))
		if err != nil || m.Body != c.want || m.Media != c.media {
			t.Errorf("%s: %q, %d media, %v, want %q, %d", claim, m.Body, m.Media, err, c.want, c.media)
		}
	}
}

func TestEarlierLettersAreCutOff(t *testing.T) {
	for claim, c := range map[string][2]string{
		"attribution and quote":      {"Yes.\n\nOn Mon, 2 Nov 2026 at 10:00, Shop wrote:\n> Open?\n> Or not?", "Yes."},
		"broken attribution":         {"Yes.\n\nOn Mon, 2 Nov 2026 at 10:00, A Very Long Name\n<shop@hooks.example> wrote:\n\n> Open?", "Yes."},
		"German":                     {"Ja.\nAm 02.11.2026 um 10:00 schrieb Shop <a@b>:\n> Offen?", "Ja."},
		"French":                     {"Oui.\nLe 2 nov. 2026 à 10:00, Shop a écrit :\n> Ouvert ?", "Oui."},
		"answers between":            {"On 2 Nov 2026, Shop wrote:\n> Open?\nYes.\n> How long?\nTill nine.", "Yes.\nTill nine."},
		"an attribution, no quote":   {"Yes.\nOn 2 Nov 2026, Shop wrote:\nOpen?", "Yes."},
		"a sentence is none":         {"On the wall he wrote:\nHello", "On the wall he wrote:\nHello"},
		"original message":           {"Yes.\n-----Original Message-----\nFrom: Shop\nOpen?", "Yes."},
		"Outlook's header":           {"Yes.\n\nFrom: Shop\nSent: Monday\nTo: Ada\nSubject: Open\n\nOpen?", "Yes."},
		"a sentence with From":       {"From: now on\nwe are open\nTo: all", "From: now on\nwe are open\nTo: all"},
		"a signature":                {"Yes.\n-- \nAda\nCEO", "Yes."},
		"nothing but a quote: whole": {"> Open?", "> Open?"},
		"forwarded: whole":           {"-----Original Message-----\nFrom: Shop\nOpen?", "-----Original Message-----\nFrom: Shop\nOpen?"},
	} {
		if got := fresh(c[0]); got != c[1] {
			t.Errorf("%s: %q, want %q", claim, got, c[1])
		}
	}
}

func TestMarkupIsTakenOff(t *testing.T) {
	for claim, c := range map[string][2]string{
		"lines":            {"<div>One<br>two</div><p>three &amp; <b>four</b></p>", "One\ntwo\nthree & four"},
		"what nobody sees": {"<head><title>t</title><style>p{}</style></head><script>x()</script>Hi<!-- c -->", "Hi"},
		"a quote":          {"Yes.<div class=gmail_quote>On Mon, 2 Nov 2026 at 10:00, Shop wrote:<br><blockquote>Open?<blockquote>a</blockquote></blockquote></div>", "Yes."},
		"only a quote":     {"<blockquote>Open?</blockquote>", "Open?"},
		"spaces":           {"a\n  b&nbsp;\tc", "a b c"},
		"never closed":     {"a<blockquote>b", "a"},
		"closed too often": {"</blockquote></script>a</blockquote>b", "a\nb"},
	} {
		if got := fresh(stripped(c[0])); got != c[1] {
			t.Errorf("%s: %q, want %q", claim, got, c[1])
		}
	}
}

// Parts within parts, more than anybody writes, cost little.
func TestDeepLettersAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("From: a@b.example\r\n")
	const one = "Content-Type: multipart/mixed; boundary=b%05d\r\n\r\n--b%05d\r\n"
	for i := range maxDepth {
		fmt.Fprintf(&b, one, i, i)
	}
	deep := b.String()
	for i := range 10000 {
		fmt.Fprintf(&b, one, maxDepth+i, maxDepth+i)
	}
	for letter, want := range map[string]string{deep: "Hello", b.String(): ""} {
		if m, err := Parse([]byte(letter + "\r\nHello")); err != nil || m.Body != want {
			t.Errorf("Parse() = %q, %v, want %q", m.Body, err, want)
		}
	}
	wide := "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 1000) + "--b--"
	if m, err := Parse([]byte(wide)); err != nil || len(m.Body) > 2*maxParts {
		t.Errorf("Parse() = %d bytes, %v", len(m.Body), err)
	}
	if m, err := Parse([]byte("From: a@b.example\r\n\r\n" + strings.Repeat("ä", maxBody))); err != nil || len(m.Body) != maxBody {
		t.Errorf("Parse() = %d bytes, %v, want %d", len(m.Body), err, maxBody)
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"Ada@Example.COM": "ada@example.com", " <a@b.example> ": "a@b.example", "Ada <a@b.example>": "a@b.example", "a+b@c.example": "a+b@c.example",
		"": "", "a": "", "@b": "", "a@": "", "a@b@c": "", `"a b"@c.example`: "", "a@b.example, c@d.example": "", "a@\xff": "", "a@[127.0.0.1]": "",
	} {
		if got, ok := Address(in); ok != (want != "") || ok && got != want {
			t.Errorf("Address(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(simple(shop)))
	f.Add([]byte("From: a@b.example\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>y\r\n--b--"))
	f.Add([]byte("From: =?utf-7?q?x?= <a@b>\r\nContent-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n//4="))
	f.Add([]byte(": \r\nFrom:<@>,\r\n\r\n> x\nOn 2026 wrote:\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(raw)
		if err != nil {
			if !errors.Is(err, ErrUnreadable) {
				t.Errorf("Parse() = %v", err)
			}
			return
		}
		if address, ok := Address(m.From); !ok || address != m.From {
			t.Errorf("From is %q", m.From)
		}
		if len(m.Body) > maxBody || len(m.Answers) > maxThread || utf8.RuneCountInString(m.Subject) > maxSubject || len(m.Carrier) > maxID {
			t.Errorf("Parse() is not bounded: %d bytes, %d answers", len(m.Body), len(m.Answers))
		}
		for _, text := range append([]string{m.Body, m.Subject, m.Carrier}, m.Answers...) {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
				t.Errorf("%q is no text", text)
			}
		}
	})
}

func FuzzPosted(f *testing.F) {
	f.Add([]byte(`{"from":"a@b.example","to":["c@d.example"],"html":"<p>x","headers":{"X":["y"]}}`))
	f.Add([]byte(`{"headers":{"\n":"\r"},"references":"<a@b>"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := parsePosted(raw)
		if err != nil {
			return
		}
		if n := len(recipients(p.header())); n > maxRecipients {
			t.Errorf("%d recipients", n)
		}
		if m, err := p.letter(); err == nil && (len(m.Body) > maxBody || !utf8.ValidString(m.Body) || m.From == "") {
			t.Errorf("letter() = %+v", m)
		}
	})
}
