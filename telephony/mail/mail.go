// Package mail is e-mail as a way to write to somebody: a [Sender] hands letters
// to an SMTP server, and the handler of an [Inbound] takes those that came in.
// What is said in them is decided by neither, but by whoever has the inbox.
package mail

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxAddress = 254      // bytes: RFC 5321, section 4.5.3.1.3, without its brackets
	maxID      = 512      // bytes of a Message-ID
	maxSubject = 200      // characters
	maxName    = 100      // characters of a sender's name
	maxThread  = 20       // Message-IDs of a thread that are kept
	maxBody    = 64 << 10 // bytes of a letter's text
)

// Headers that RFC 3834 and custom have for letters that a machine wrote.
const (
	headerAuto     = "Auto-Submitted"
	headerSuppress = "X-Auto-Response-Suppress"
	headerLoop     = "X-Loop"
)

// Address is raw in the one form in which addresses are compared: without a
// name, in lower case. ok is false when it is none, or longer than RFC 5321 allows.
func Address(raw string) (address string, ok bool) {
	raw = strings.TrimSpace(raw)
	if len(raw) > 4*maxAddress || !utf8.ValidString(raw) {
		return "", false
	}
	parsed, err := mail.ParseAddress(raw)
	if err != nil {
		return "", false
	}
	address = strings.ToLower(parsed.Address)
	return address, plain(address)
}

// plain reports whether s can stand in a command of SMTP as an address. A quoted
// local part can't: nobody has one, and it may hold what ends a command.
func plain(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && len(s) <= maxAddress &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`"<>()[]\,;:`, r)
		}) && !strings.Contains(domain, "@")
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// messageID is a Message-ID with its brackets: printable, no space (RFC 5322,
// section 3.6.4, as loosely as it is written in the wild).
var messageID = regexp.MustCompile(`<[!-;=?-~]+>`)

// ids finds the Message-IDs in a header's text, and keeps what of a long thread
// tells most: its first letter, and the newest ones.
func ids(text string) []string {
	var all []string
	for _, id := range messageID.FindAllString(text, -1) {
		if len(id) <= maxID {
			all = append(all, id)
		}
	}
	return thread(all)
}

func thread(all []string) []string {
	if len(all) <= maxThread {
		return all
	}
	return append([]string{all[0]}, all[len(all)-maxThread+1:]...)
}

// line makes text one line without control characters, of at most limit
// characters. No header that is made of it can be followed by another one.
func line(text string, limit int) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r)
	}), " ")
	return cut(text, limit)
}

// cut is the first limit characters of text.
func cut(text string, limit int) string {
	for at := range text {
		if limit == 0 {
			return text[:at]
		}
		limit--
	}
	return text
}
