package roster

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
)

// Kinds of a [Channel].
const (
	PhoneChannel    = "phone"
	WhatsAppChannel = "whatsapp"
	EmailChannel    = "email"
)

// ChannelKinds are all kinds of a [Channel].
var ChannelKinds = []string{PhoneChannel, WhatsAppChannel, EmailChannel}

// Bounds of a channel.
const (
	maxEmail   = 254 // RFC 5321, 4.5.3.1.3, without the brackets
	maxWindows = 50
)

// Weekdays are the days of a channel's hours, as they are written.
var Weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Window is a dialplan.Window: a part of some days of the week.
type Window struct {
	Days []string `json:"days"`
	From string   `json:"from"`
	To   string   `json:"to"`
}

// CreateChannel makes the channel that body wishes for: type, address, name,
// timezone, hours, enabled, agent_uuid and secret. All that is wrong with it is
// told at once, as [Problems]. Its workspace, and whether there is such an agent,
// are the caller's affair.
func (t Terms) CreateChannel(body map[string]any) (Channel, error) {
	c := Channel{ID: "chan_" + strings.ToLower(rand.Text()), Hours: json.RawMessage("[]"), Enabled: true, Created: t.Now, Updated: t.Now}
	var wrong Problems
	f := form{body, "", &wrong}
	if !f.has("type") {
		f.refuse("type", blank)
	}
	f.oneOf("type", ChannelKinds, "", &c.Kind)
	if f.text("address", maxEmail+1, "", &c.Address); c.Address == "" && len(wrong.Of("address")) == 0 {
		f.refuse("address", blank)
	} else if c.Address != "" && c.Kind != "" {
		address(f, &c)
	}
	if !f.has("name") {
		c.Name = c.Address
	}
	return t.channel(f, c)
}

// ChangeChannel merges body into c: absent fields keep their values, null puts
// the default back. Type and address stay as they are.
func (t Terms) ChangeChannel(c Channel, body map[string]any) (Channel, error) {
	var wrong Problems
	f := form{body, "", &wrong}
	for name, is := range map[string]string{"type": c.Kind, "address": c.Address} {
		if v, there := body[name]; there && !sameText(v, is) {
			f.refuse(name, "can't be changed")
		}
	}
	slices.SortFunc(wrong, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
	c.Updated = t.Now
	return t.channel(f, c)
}

func sameText(v any, is string) bool {
	s, ok := v.(string)
	return ok && strings.EqualFold(s, is)
}

// channel reads what a new channel and an old one have alike.
func (t Terms) channel(f form, c Channel) (Channel, error) {
	f.line("name", maxName, &c.Name)
	if f.text("timezone", 64, "", &c.Timezone) && c.Timezone != "" && !zone(c.Timezone) {
		f.refuse("timezone", "is not a valid timezone")
	}
	hours(f, &c)
	f.flag("enabled", true, &c.Enabled)
	f.text("agent_uuid", 64, "", &c.AgentUUID)
	if err := t.channelSecret(f, &c); err != nil {
		return c, err
	}
	if len(*f.wrong) > 0 {
		return c, *f.wrong
	}
	return c, nil
}

// address fits the channel's address to its kind.
func address(f form, c *Channel) {
	if c.Kind != EmailChannel {
		if !E164(c.Address) {
			f.refuse("address", noE164)
		}
		return
	}
	at, ok := Email(c.Address)
	if !ok {
		f.refuse("address", "must be an e-mail address, such as front-desk@example.com")
		return
	}
	c.Address = at
}

// Email returns an e-mail address as it is kept, in lower case, and whether s is
// one: without a name, in characters that every mail server takes.
func Email(s string) (address string, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	at, err := mail.ParseAddress(s)
	if err != nil || at.Address != s || len(s) > maxEmail {
		return "", false
	}
	return s, !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"\<>,;()[]`, r) })
}

// clockTime is a time of the day in minutes; 24:00 is its end.
var clockTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$`)

// hours reads the business hours, replaced as a whole; none: always.
func hours(f form, c *Channel) {
	windows, ok := readWindows(f, "hours")
	if !ok {
		return
	}
	raw, err := json.Marshal(windows)
	if err != nil {
		f.refuse("hours", invalid)
		return
	}
	c.Hours = raw
}

// readWindows reads the array of windows under name; null is none.
func readWindows(f form, name string) (windows []Window, ok bool) {
	all, ok := f.list(name, maxWindows)
	windows = make([]Window, 0, len(all))
	for i, v := range all {
		if in, ok := f.item(name, i, v); ok {
			windows = append(windows, readWindow(in))
		}
	}
	return windows, ok
}

func readWindow(f form) Window {
	w := Window{Days: []string{}}
	if f.texts("days", len(Weekdays), 16, &w.Days); len(w.Days) == 0 && len(f.wrong.Of(f.under+"days")) == 0 {
		f.refuse("days", blank)
	}
	for i, day := range w.Days {
		switch {
		case !slices.Contains(Weekdays, day):
			f.refuse("days", "has no '%.16s': choose from %s", day, strings.Join(Weekdays, ", "))
		case slices.Contains(w.Days[:i], day):
			f.refuse("days", "has '%s' twice", day)
		}
	}
	for _, end := range []struct {
		name string
		into *string
	}{{"from", &w.From}, {"to", &w.To}} {
		if f.text(end.name, 16, "", end.into); len(f.wrong.Of(f.under+end.name)) == 0 && !clockTime.MatchString(*end.into) {
			f.refuse(end.name, "must be a time of the day, such as 09:00")
		}
	}
	if len(f.wrong.Of(f.under+"from"))+len(f.wrong.Of(f.under+"to")) == 0 && w.From >= w.To {
		f.refuse("to", "must be later than from: hours past midnight are two windows")
	}
	return w
}

// channelSecret reads the secret with which an e-mail channel's inbound webhook
// is signed, and seals it.
func (t Terms) channelSecret(f form, c *Channel) error {
	var secret string
	if !f.text("secret", 256, "", &secret) {
		return nil
	}
	switch {
	case secret != "" && c.Kind != EmailChannel:
		f.refuse("secret", "is of use for e-mail only")
		return nil
	case secret != "":
		if why := signingKey(secret); why != "" {
			f.refuse("secret", "%s", why)
			return nil
		}
	}
	sealed, err := t.seal(c.Secret, secret)
	if err != nil {
		return fmt.Errorf("roster: channel's secret: %w", err)
	}
	c.Secret = sealed
	return nil
}
