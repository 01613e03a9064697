package server_test

import (
	"crypto/tls"
	"net/http/httptest"
	"testing"

	"github.com/hookswitch/hookswitch/telephony"
)

func TestCallOverTLS(t *testing.T) {
	t.Parallel()
	authority := httptest.NewTLSServer(nil) // for its certificate, which names 127.0.0.1
	defer authority.Close()
	o := options(t)
	o.TLS = &tls.Config{Certificates: authority.TLS.Certificates}
	b := boot(t, o)
	if got, want := b.PublicURL(), "https://"+b.Addr().String(); got != want {
		t.Errorf("PublicURL() = %s, want %s", got, want)
	}
	call := b.call(polite())
	if got := b.end(); got != telephony.CallerHangup {
		t.Errorf("the call ended for %s", got)
	}
	if err := call.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}
