package webhook

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The guard is called, as the dialer calls it once a name is resolved. None of
// these addresses is ever dialled.
func TestGuard(t *testing.T) {
	const no, private, yes = 0, 1, 2 // never; when the operator allows private networks; always
	for address, want := range map[string]int{
		"93.184.215.14:443":           yes,
		"[2606:2800:21f:cb07::1]:443": yes,
		"8.8.8.8:8443":                yes,
		"8.8.8.8:80":                  yes, // whether plain HTTP is spoken there is not the guard's question
		"8.8.8.8:1024":                yes,
		"8.8.8.8:25":                  no,
		"8.8.8.8:22":                  no,
		"8.8.8.8:53":                  no,
		"8.8.8.8:1023":                no,
		"8.8.8.8:0":                   no,

		"127.0.0.1:443":        private,
		"127.8.9.1:443":        private,
		"127.0.0.1:25":         no,
		"10.0.0.1:443":         private,
		"172.16.0.1:443":       private,
		"172.31.255.255:443":   private,
		"192.168.1.1:443":      private,
		"[::1]:443":            private,
		"[fc00::1]:443":        private,
		"[fd12:3456::1]:443":   private,
		"172.32.0.1:443":       yes,
		"172.15.255.255:443":   yes,
		"[::1%lo]:443":         no,
		"[fe80::1%eth0]:443":   no,
		"[2606:2800::1%x]:443": no,

		"0.0.0.0:443":                 no,
		"100.64.0.1:443":              no,
		"100.127.255.254:443":         no,
		"169.254.169.254:80":          no, // clouds' metadata
		"169.254.170.2:80":            no,
		"192.0.0.1:443":               no,
		"192.0.0.192:443":             no, // one cloud's metadata
		"192.0.2.1:443":               no,
		"198.18.0.1:443":              no,
		"198.19.255.255:443":          no,
		"203.0.113.7:443":             no,
		"224.0.0.1:443":               no,
		"240.0.0.1:443":               no,
		"255.255.255.255:443":         no,
		"[::]:443":                    no,
		"[64:ff9b::7f00:1]:443":       no, // 127.0.0.1 through NAT64
		"[64:ff9b::a9fe:a9fe]:443":    no,
		"[64:ff9b:1::1]:443":          no,
		"[2002:7f00:1::]:443":         no, // 127.0.0.1 through 6to4
		"[2001::1]:443":               no,
		"[2001:db8::1]:443":           no,
		"[fd00:ec2::254]:80":          no, // clouds' metadata in private and public ranges
		"[fd20:ce::254]:80":           no,
		"168.63.129.16:80":            no,
		"[fe80::1]:443":               no,
		"[ff02::1]:443":               no,
		"[::ffff:127.0.0.1]:443":      no,
		"[::ffff:10.0.0.1]:443":       no,
		"[::ffff:169.254.169.254]:80": no,
		"[::ffff:8.8.8.8]:443":        no, // the dialer says 8.8.8.8
		"[::127.0.0.1]:443":           no,
		"localhost:443":               no, // no address at all
		"":                            no,
	} {
		for _, allow := range []bool{false, true} {
			err := Policy{AllowPrivate: allow}.guard()(network(address), address, nil)
			if may := want == yes || want == private && allow; (err == nil) != may {
				t.Errorf("guard(%s) with private networks %v = %v, want allowed %v", address, allow, err, may)
			}
			if err != nil && !errors.Is(err, errAddress) {
				t.Errorf("guard(%s) = %v, want errAddress", address, err)
			}
		}
	}
	if err := (Policy{}).guard()("udp4", "8.8.8.8:443", nil); err == nil {
		t.Error("the guard let something else than TCP through")
	}
}

func network(address string) string {
	if strings.HasPrefix(address, "[") {
		return "tcp6"
	}
	return "tcp4"
}

func TestGuardStandsBeforeTheConnection(t *testing.T) {
	reached := false
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	s.Config.ConnState = func(net.Conn, http.ConnState) { reached = true }
	s.Start()
	defer s.Close()
	c := NewClient(Policy{AllowHTTP: true}, nil)
	defer c.Close()
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	// By its address, by a name that leads to it, and as IPv6.
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		x, err := c.Do(t.Context(), Outgoing{Method: "POST", URL: "http://" + host + ":" + port + "/?token=geheim"})
		var e *Error
		if !errors.As(err, &e) || e.Kind != Forbidden {
			t.Errorf("Do(%s) = %v, want it refused", host, err)
			continue
		}
		if strings.Contains(e.Error()+x.Err+x.URL, "geheim") || strings.Contains(e.Error(), "127.0.0.1") {
			t.Errorf("Do(%s) tells too much: %v", host, err)
		}
	}
	if reached {
		t.Error("a connection was made")
	}
}

func TestSchemes(t *testing.T) {
	c := NewClient(Policy{AllowPrivate: true}, nil)
	defer c.Close()
	for _, address := range []string{"http://127.0.0.1:1/", "ftp://127.0.0.1:2121/", "file:///etc/passwd", "gopher://127.0.0.1:7070/", "//127.0.0.1/"} {
		_, err := c.Do(t.Context(), Outgoing{Method: "POST", URL: address})
		var e *Error
		if !errors.As(err, &e) || e.Kind != Forbidden || e.Retryable {
			t.Errorf("Do(%s) = %v, want it refused for good", address, err)
		}
	}
}
