package server

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// What a carrier says goes to the API's client; where we looked for it does not.
func TestAClientIsToldNoAddressInside(t *testing.T) {
	lost := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 443}, Err: errors.New("refused")}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&twilio.Error{Op: "link", Help: "no answer", Err: lost}, "no answer"},
		{&twilio.Error{Op: "find", Err: twilio.ErrNoNumber}, "does not have this number"},
		{&twilio.Error{Op: "link", Code: 20003, Status: 401, Help: "check both"}, "20003"},
	} {
		var said *v2.TrunkError
		if !errors.As(carrierSaid(tt.err), &said) || !strings.Contains(said.Why, tt.want) || strings.Contains(said.Why, "10.1.2.3") {
			t.Errorf("%v is told as %+v, want %q and no address", tt.err, said, tt.want)
		}
	}
	if err := carrierSaid(lost); !errors.Is(err, lost) {
		t.Errorf("carrierSaid(%v) = %v, want it as it is: it is ours", lost, err)
	}
}

func TestACallThatWePlaceHasALimit(t *testing.T) {
	if got := limited(telephony.Outgoing{}).TimeLimit; got != mostTalk {
		t.Errorf("without a limit it has %v, want %v", got, mostTalk)
	}
	if got := limited(telephony.Outgoing{TimeLimit: time.Minute}).TimeLimit; got != time.Minute {
		t.Errorf("a minute became %v", got)
	}
}
