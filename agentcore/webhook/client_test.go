package webhook

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// local may call a receiver on loopback.
var local = Policy{AllowHTTP: true, AllowPrivate: true}

// receiver is a server that answers as do says, and a client that may call it.
func receiver(t *testing.T, do http.HandlerFunc) (*Client, string) {
	t.Helper()
	s := httptest.NewServer(do)
	c := NewClient(local, nil)
	t.Cleanup(func() { c.Close(); s.Close() })
	return c, s.URL
}

// kind fails t unless err is an Error of that kind, which it returns.
func kind(t *testing.T, err error, want string) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != want {
		t.Fatalf("error %v (%#v), want kind %s", err, e, want)
	}
	return e
}

func TestDo(t *testing.T) {
	c, url := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Got", r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Mine")+" "+string(body))
		w.WriteHeader(201)
		_, _ = w.Write([]byte(`{"ok":true}`))
	})
	x, err := c.Do(t.Context(), Outgoing{Method: "PUT", URL: url + "/a%2Fb?q=1#f", Header: http.Header{"X-Mine": {"m"}}, Body: []byte("hello")})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := x.ResponseHeaders["X-Got"], "PUT /a%2Fb?q=1 m hello"; got != want {
		t.Errorf("the receiver got %q, want %q", got, want)
	}
	if x.Status != 201 || x.Err != "" || x.URL != url+"/a%2Fb" || x.Method != "PUT" || x.RequestBody != "hello" ||
		x.ResponseBody != `{"ok":true}` || string(x.Answer) != x.ResponseBody || x.Started.IsZero() || x.Took <= 0 {
		t.Errorf("Exchange = %+v", x)
	}
}

func TestDoNeverFollowsRedirects(t *testing.T) {
	var asked []string
	c, url := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		http.Redirect(w, r, "/inside", http.StatusTemporaryRedirect)
	})
	x, err := c.Do(t.Context(), Outgoing{Method: "POST", URL: url + "/out", Body: []byte("{}")})
	if e := kind(t, err, Redirected); e.Retryable || x.Status != 307 || len(asked) != 1 {
		t.Errorf("Do() = %+v after %q, want one request and no more", e, asked)
	}
}

func TestStatus(t *testing.T) {
	status, after := 0, ""
	c, url := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		w.WriteHeader(status)
	})
	for _, tt := range []struct {
		status int
		after  string
		kind   string // empty: no error
		retry  bool
		wait   time.Duration
	}{
		{200, "", "", false, 0}, {204, "", "", false, 0}, {299, "", "", false, 0},
		{300, "", Redirected, false, 0}, {304, "", Redirected, false, 0}, {308, "", Redirected, false, 0},
		{400, "9", BadStatus, false, 0}, {401, "", BadStatus, false, 0}, {404, "", BadStatus, false, 0}, {410, "", BadStatus, false, 0},
		{408, "", BadStatus, true, 0}, {425, "", BadStatus, true, 0},
		{429, "17", BadStatus, true, 17 * time.Second}, {429, "-1", BadStatus, true, 0}, {429, "soon", BadStatus, true, 0},
		{429, "99999999999999999999", BadStatus, true, 0}, {429, "999999999", BadStatus, true, 7 * 24 * time.Hour},
		{500, "", BadStatus, true, 0}, {502, "", BadStatus, true, 0}, {503, "120", BadStatus, true, 2 * time.Minute}, {599, "", BadStatus, true, 0},
	} {
		status, after = tt.status, tt.after
		x, err := c.Do(t.Context(), Outgoing{Method: "POST", URL: url})
		if x.Status != tt.status || (err == nil) != (tt.kind == "") {
			t.Errorf("Do() = %v with status %d, want %d and kind %q", err, x.Status, tt.status, tt.kind)
		}
		if err == nil {
			continue
		}
		e := kind(t, err, tt.kind)
		if e.Status != tt.status || e.Retryable != tt.retry || e.RetryAfter != tt.wait || x.Err != e.Text {
			t.Errorf("%d, Retry-After %q: %+v", tt.status, tt.after, e)
		}
	}
	now := time.Now()
	if got := retryAfter(now.Add(90*time.Second).UTC().Format(http.TimeFormat), now); got < 88*time.Second || got > 90*time.Second {
		t.Errorf("Retry-After as a date: %v, want 90 s", got)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	size := 0
	c, url := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("é"), size/2))
	})
	size = MaxBody
	x, err := c.Do(t.Context(), Outgoing{Method: "GET", URL: url})
	if err != nil || len(x.Answer) != MaxBody || len(x.ResponseBody) != MaxKept {
		t.Errorf("1 MB: %v, %d bytes, %d kept, want %d, %d", err, len(x.Answer), len(x.ResponseBody), MaxBody, MaxKept)
	}
	size = MaxBody + 2
	x, err = c.Do(t.Context(), Outgoing{Method: "GET", URL: url})
	if e := kind(t, err, TooLarge); e.Retryable || len(x.Answer) != MaxBody {
		t.Errorf("more: %+v, %d bytes", e, len(x.Answer))
	}
	size = 64 << 20
	if _, err := c.Do(t.Context(), Outgoing{Method: "GET", URL: url}); err == nil {
		t.Error("64 MB were taken")
	}
}

func TestTLSIsVerified(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	strict := NewClient(Policy{AllowPrivate: true}, nil)
	defer strict.Close()
	_, err := strict.Do(t.Context(), Outgoing{Method: "POST", URL: s.URL})
	kind(t, err, NoTrust)

	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	trusting := NewClient(Policy{AllowPrivate: true, Roots: roots}, nil)
	defer trusting.Close()
	if x, err := trusting.Do(t.Context(), Outgoing{Method: "POST", URL: s.URL}); err != nil || x.Status != 200 {
		t.Errorf("Do() = %v, %d with the right roots", err, x.Status)
	}
}

func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9")
	t.Setenv("NO_PROXY", "")
	c, url := receiver(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := c.Do(t.Context(), Outgoing{Method: "GET", URL: url}); err != nil {
		t.Errorf("Do() = %v", err)
	}
	if c.transport.Proxy != nil {
		t.Error("the transport has a proxy")
	}
}

func TestNobodyListens(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	c := NewClient(local, nil)
	defer c.Close()
	_, err := c.Do(t.Context(), Outgoing{Method: "POST", URL: s.URL + "/?token=geheim"})
	if e := kind(t, err, NoConnect); !e.Retryable || strings.Contains(e.Error(), "geheim") {
		t.Errorf("Do() = %+v", e)
	}
}

// piped is a client whose every connection is served by serve, in virtual time.
func piped(t *testing.T, serve func(net.Conn)) *Client {
	t.Helper()
	var all sync.WaitGroup
	c := newClient(local, nil, func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		all.Go(func() { serve(theirs); _ = theirs.Close() })
		return ours, nil
	})
	t.Cleanup(func() { c.Close(); all.Wait() })
	return c
}

// request reads a whole request.
func request(conn net.Conn) {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

// drain holds a connection until the other side lets go.
func drain(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func TestFaultsOfAReceiver(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
	for claim, tt := range map[string]struct {
		serve func(net.Conn)
		kind  string
		took  time.Duration
	}{
		"never answers":     {func(c net.Conn) { request(c); drain(c) }, TimedOut, 7 * time.Second},
		"never reads":       {func(c net.Conn) { time.Sleep(time.Minute) }, TimedOut, 7 * time.Second},
		"hangs in the body": {func(c net.Conn) { request(c); fmt.Fprint(c, head+"half"); drain(c) }, TimedOut, 7 * time.Second},
		"headers, drop by drop": {func(c net.Conn) {
			request(c)
			for _, err := fmt.Fprint(c, "HTTP/1.1 200 OK\r\n"); err == nil; _, err = fmt.Fprint(c, "X: y\r\n") {
				time.Sleep(time.Second)
			}
		}, TimedOut, 7 * time.Second},
		"a body, drop by drop": {func(c net.Conn) {
			request(c)
			for _, err := fmt.Fprint(c, head); err == nil; _, err = fmt.Fprint(c, ".") {
				time.Sleep(time.Second)
			}
		}, TimedOut, 7 * time.Second},
		"cut before the answer": {func(c net.Conn) { request(c) }, Broken, 0},
		"cut in the headers":    {func(c net.Conn) { request(c); fmt.Fprint(c, "HTTP/1.1 200 OK\r\nX: ") }, Broken, 0},
		"cut in the body":       {func(c net.Conn) { request(c); fmt.Fprint(c, head+"half") }, Broken, 0},
		"garbage":               {func(c net.Conn) { request(c); fmt.Fprint(c, "\x16\x03\x01 what?\r\n\r\n") }, Broken, 0},
		"endless headers": {func(c net.Conn) {
			request(c)
			for _, err := fmt.Fprint(c, "HTTP/1.1 200 OK\r\n"); err == nil; {
				_, err = fmt.Fprint(c, "X: "+strings.Repeat("y", 1000)+"\r\n")
			}
		}, TooLarge, 0},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := piped(t, tt.serve)
				x, err := c.Do(t.Context(), Outgoing{Method: "POST", URL: "http://receiver/?token=geheim", Body: []byte("{}"), Timeout: 7 * time.Second})
				e := kind(t, err, tt.kind)
				if x.Took != tt.took || x.Err != e.Text {
					t.Errorf("took %v, told %q, want %v", x.Took, x.Err, tt.took)
				}
				if strings.Contains(e.Error()+x.Err, "geheim") {
					t.Errorf("the error tells the query: %v", e)
				}
			})
		})
	}
}

func TestTimesOfAnExchange(t *testing.T) {
	for claim, tt := range map[string]struct{ asked, took time.Duration }{
		"ten seconds when nobody said": {0, 10 * time.Second},
		"as was said":                  {time.Second, time.Second},
		"never more than a minute":     {time.Hour, time.Minute},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := piped(t, func(c net.Conn) { request(c); drain(c) })
				x, err := c.Do(t.Context(), Outgoing{Method: "GET", URL: "http://receiver/", Timeout: tt.asked})
				if kind(t, err, TimedOut); x.Took != tt.took {
					t.Errorf("took %v, want %v", x.Took, tt.took)
				}
			})
		})
	}
	for seconds, want := range map[int]time.Duration{-1: DefaultTimeout, 0: DefaultTimeout, 1: time.Second, 60: time.Minute, 61: time.Minute} {
		if got := Timeout(seconds); got != want {
			t.Errorf("Timeout(%d) = %v, want %v", seconds, got, want)
		}
	}
}

func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, func(c net.Conn) { request(c); drain(c) })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		x, err := c.Do(ctx, Outgoing{Method: "GET", URL: "http://receiver/"})
		if kind(t, err, Stopped); x.Took != 2*time.Second {
			t.Errorf("took %v, want 2 s", x.Took)
		}
	})
}
