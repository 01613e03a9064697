package roster_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestAChannelIsMadeFromItsForm(t *testing.T) {
	for _, tt := range []struct{ name, body, address, hours string }{
		{"a phone", `{"type":"phone","address":"+14155550100"}`, "+14155550100", `[]`},
		{"an e-mail address in capitals", `{"type":"email","address":" Desk@Example.COM "}`, "desk@example.com", `[]`},
		{"with hours", `{"type":"whatsapp","address":"+14155550100","timezone":"Europe/Berlin","hours":[{"days":["mon","fri"],"from":"09:00","to":"24:00"}]}`,
			"+14155550100", `[{"days":["mon","fri"],"from":"09:00","to":"24:00"}]`},
	} {
		c, err := terms().CreateChannel(body(t, tt.body))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if c.Address != tt.address || string(c.Hours) != tt.hours || !c.Enabled || !strings.HasPrefix(c.ID, "chan_") || c.Name == "" {
			t.Errorf("%s: %+v with hours %s", tt.name, c, c.Hours)
		}
	}
}

func TestWrongChannelsAreToldAtOnce(t *testing.T) {
	for _, tt := range []struct{ body, want string }{
		{`{}`, `{"type":["can't be blank"],"address":["can't be blank"]}`},
		{`{"type":"fax","address":"+14155550100","name":"a\u0000"}`, `{"type":["is not included in the list"],"name":["is invalid"]}`},
		{`{"type":"phone","address":"desk@example.com","timezone":"Mars","enabled":1,"hours":[{"days":["mon","mon","someday"],"from":"9","to":"25:00"},{"days":[],"from":"18:00","to":"09:00"}]}`,
			`{"address":["must be a phone number in E.164 form, such as +14155550100"],"timezone":["is not a valid timezone"],` +
				`"hours.0.days":["has 'mon' twice","has no 'someday': choose from mon, tue, wed, thu, fri, sat, sun"],"hours.0.from":["must be a time of the day, such as 09:00"],` +
				`"hours.0.to":["must be a time of the day, such as 09:00"],"hours.1.days":["can't be blank"],` +
				`"hours.1.to":["must be later than from: hours past midnight are two windows"],"enabled":["must be true or false"]}`},
		{`{"type":"email","address":"Ada <ada@example.com>","secret":"short"}`, `{"address":["must be an e-mail address, such as front-desk@example.com"],"secret":["is too short (minimum is 16 bytes)"]}`},
		{`{"type":"phone","address":"+14155550100","secret":"sixteen bytes of it"}`, `{"secret":["is of use for e-mail only"]}`},
	} {
		_, err := terms().CreateChannel(body(t, tt.body))
		var wrong roster.Problems
		if !errors.As(err, &wrong) {
			t.Errorf("%s: %v", tt.body, err)
			continue
		}
		if got, _ := json.Marshal(wrong); string(got) != tt.want {
			t.Errorf("%s:\n%s, want\n%s", tt.body, got, tt.want)
		}
	}
}

func TestAChannelKeepsItsAddressAndItsSecret(t *testing.T) {
	c, err := terms().CreateChannel(body(t, `{"type":"email","address":"desk@example.com","secret":"sixteen bytes of it"}`))
	if err != nil {
		t.Fatal(err)
	}
	same, err := terms().ChangeChannel(c, body(t, `{"type":"email","address":"Desk@example.com","enabled":false}`))
	if err != nil || same.Enabled || same.Secret != "sealed:sixteen bytes of it" || same.Address != "desk@example.com" {
		t.Errorf("ChangeChannel() = %+v, %v", same, err)
	}
	_, err = terms().ChangeChannel(c, body(t, `{"type":"phone","address":"other@example.com"}`))
	var wrong roster.Problems
	if !errors.As(err, &wrong) || len(wrong.Of("type")) != 1 || len(wrong.Of("address")) != 1 {
		t.Errorf("another address: %v", err)
	}
}

func FuzzEmail(f *testing.F) {
	for _, s := range []string{"a@b.c", "A <a@b.c>", `"a b"@c.d`, "a@[1.2.3.4]", "a@b\r\nBcc: c@d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := roster.Email(s)
		if !ok {
			return
		}
		if again, ok := roster.Email(at); !ok || again != at || strings.ContainsAny(at, "\r\n\x00 <>") || strings.Count(at, "@") < 1 {
			t.Errorf("Email(%q) = %q, then %q, %v", s, at, again, ok)
		}
	})
}
