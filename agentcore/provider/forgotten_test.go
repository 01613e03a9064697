package provider

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// forgetful is a router that, when it is told to, forgets the connections that
// stand: what is sent on them goes nowhere, and nobody is told.
type forgetful struct {
	net.Listener
	to   string
	work sync.WaitGroup

	mu    sync.Mutex
	age   int // connections of an older age are forgotten
	conns []net.Conn
}

func (f *forgetful) forget() {
	f.mu.Lock()
	f.age++
	f.mu.Unlock()
}

func (f *forgetful) run() {
	for {
		client, err := f.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", f.to)
		if err != nil {
			client.Close()
			continue
		}
		f.mu.Lock()
		age := f.age
		f.conns = append(f.conns, client, server)
		f.mu.Unlock()
		for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
			f.work.Go(func() {
				buf := make([]byte, 4096)
				for {
					n, err := way[0].Read(buf)
					if err != nil {
						return
					}
					f.mu.Lock()
					forgotten := f.age != age
					f.mu.Unlock()
					if !forgotten {
						way[1].Write(buf[:n])
					}
				}
			})
		}
	}
}

func (f *forgetful) end() {
	f.Close()
	f.mu.Lock()
	for _, c := range f.conns {
		c.Close()
	}
	f.mu.Unlock()
	f.work.Wait()
}

// All calls share one connection of HTTP/2. One that was forgotten on the way
// must be given up, or all that follow ask in vain: a request that is cancelled
// closes no connection.
func TestAConnectionThatWasForgottenIsReplaced(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &forgetful{Listener: l, to: s.Listener.Addr().String()}
	go f.run()
	defer f.end()

	client := newClient(time.Second, 50*time.Millisecond)
	defer client.CloseIdleConnections()
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	ask := func(within time.Duration) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+l.Addr().String(), nil)
		if err != nil {
			return "", err
		}
		res, err := client.Do(req)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return string(body), err
	}
	if got, err := ask(10 * time.Second); err != nil || got != "HTTP/2.0" {
		t.Fatalf("ask = %q, %v", got, err)
	}
	f.forget()
	for end := time.Now().Add(20 * time.Second); ; {
		got, err := ask(time.Second)
		if err == nil && got == "HTTP/2.0" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after 20 s: %q, %v", got, err)
		}
	}
}
