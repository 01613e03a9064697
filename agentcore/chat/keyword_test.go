package chat

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/telephony"
)

func TestKeywordsAreWholeMessages(t *testing.T) {
	for body, want := range map[string]string{
		"STOP": stop, "stop": stop, " Stop. ": stop, "STOP!!!": stop, "\"stop\"": stop, "stop all": stop, "StopAll": stop,
		"unsubscribe": stop, "Cancel": stop, "end": stop, "QUIT": stop, "opt-out": stop, "Opt out": stop, "revoke": stop, "ＳＴＯＰ": "",
		"start": "", "UNSTOP": "", "help": help, "Info?": help, "help!": help,
		"": "", "?": "", "please stop": "", "stop it": "", "don't stop": "", "the end": "", "help me": "", "yes": "", "no": "", "restart": "",
		strings.Repeat(" ", 100) + "stop": "",
	} {
		if got := keyword(telephony.TextIn{Kind: telephony.Phone, Body: body}, false); got != want {
			t.Errorf("keyword(%q) = %q, want %q", body, got, want)
		}
	}
}

func TestStartMeansSomethingToWhoIsOut(t *testing.T) {
	for _, body := range []string{"Yes!", "start", "UNSTOP."} {
		m := telephony.TextIn{Kind: telephony.Phone, Body: body}
		if in, out := keyword(m, false), keyword(m, true); in != "" || out != start {
			t.Errorf("%q means %q, and %q to who is out; want nothing and START", body, in, out)
		}
	}
}

func TestTheCarriersReadingCounts(t *testing.T) {
	for _, tt := range []struct {
		in   telephony.TextIn
		want string
	}{
		{telephony.TextIn{Kind: telephony.Phone, Body: "Arrêt", OptOut: "STOP"}, stop},
		{telephony.TextIn{Kind: telephony.Phone, Body: "Aide", OptOut: "HELP"}, help},
		{telephony.TextIn{Kind: telephony.Phone, Body: "hello", OptOut: "WHAT"}, ""},
		{telephony.TextIn{Kind: telephony.Email, Subject: "unsubscribe"}, stop},
		{telephony.TextIn{Kind: telephony.Email, Subject: "unsubscribe", Body: "How do I do that?"}, ""},
		{telephony.TextIn{Kind: telephony.Phone, Subject: "stop"}, ""},
	} {
		if got := keyword(tt.in, false); got != tt.want {
			t.Errorf("keyword(%+v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzKeyword(f *testing.F) {
	for _, s := range []string{"STOP", "yes", "\xff\x00", "st\u0301op", "ſtop", "İNFO"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got := read(body, true)
		if got != "" && got != stop && got != start && got != help {
			t.Errorf("read(%q) = %q", body, got)
		}
		if got != read(body+"!", true) && len(body) < mostKeyword {
			t.Errorf("%q is %q, and with a mark behind it something else", body, got)
		}
	})
}
