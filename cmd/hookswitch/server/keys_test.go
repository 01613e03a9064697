package server

import (
	"fmt"
	"testing"

	"github.com/hookswitch/hookswitch/telephony"
)

// Each leg of a call has the same secrets; no other call has, nor the same id once
// the call is over.
func TestSecretsBelongToOneCall(t *testing.T) {
	var s secrets
	a := s.of("a")
	if s.of("a") != a || s.of("b") == a {
		t.Error("two legs of a call have other secrets, or two calls the same")
	}
	s.drop("a")
	if s.of("a") == a {
		t.Error("a call that is over left its secrets behind")
	}
	for n := range mostSecrets + 10 {
		s.of(telephony.CallID(fmt.Sprint(n)))
	}
	if len(s.calls) != mostSecrets || len(s.order) != mostSecrets {
		t.Errorf("%d calls' secrets are kept, in an order of %d", len(s.calls), len(s.order))
	}
}
