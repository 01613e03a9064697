package client_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
)

// feed is a gateway whose feed has the events 1 to its number. Each connection
// is cut after at most cut bytes; when all was told it stays open.
type feed struct {
	last, cut   int
	connections int
	refuse      int // a status to answer with from the third connection on; 0 none
}

func (f *feed) RoundTrip(r *http.Request) (*http.Response, error) {
	f.connections++
	if f.connections%3 == 0 {
		return nil, errors.New("no route")
	}
	if f.refuse != 0 && f.connections > 3 {
		return &http.Response{StatusCode: f.refuse, Body: io.NopCloser(strings.NewReader(`{"message":"gone"}`)), Header: http.Header{}}, nil
	}
	after, _ := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	var b strings.Builder
	for n := after + 1; n <= f.last; n++ {
		fmt.Fprintf(&b, ": still here\n\nid: %d\r\nevent: entry\ndata: {\"n\":\ndata: %d}\n\n", n, n)
	}
	text := b.String()
	if len(text) > f.cut {
		text = text[:f.cut]
	}
	pr, pw := io.Pipe()
	go func() {
		io.WriteString(pw, text)
		if len(text) == f.cut {
			pw.CloseWithError(io.ErrUnexpectedEOF)
			return
		}
		<-r.Context().Done()
		pw.CloseWithError(r.Context().Err())
	}()
	return &http.Response{StatusCode: 200, Body: pr, Header: http.Header{}}, nil
}

func TestStreamCutAnywhereLosesNothingAndTellsNothingTwice(t *testing.T) {
	for range 50 {
		cut := 60 + rand.IntN(400)
		synctest.Test(t, func(t *testing.T) {
			f := &feed{last: 40, cut: cut}
			c := dial(t, client.Config{Key: sesame, Transport: f})
			var got []string
			err := c.Events(t.Context(), client.Stream{Path: "/events"}, func(e client.Event) error {
				if want := "{\"n\":\n" + e.ID + "}"; e.Name != "entry" || string(e.Data) != want {
					t.Errorf("event %q %q, want %q", e.Name, e.Data, want)
				}
				if got = append(got, e.ID); e.ID == "40" {
					return client.ErrEnough
				}
				return nil
			})
			want := []string{}
			for n := range 40 {
				want = append(want, strconv.Itoa(n+1))
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("cut %d: %v, %v", cut, got, err)
			}
		})
	}
}

func TestStreamThatIsRefusedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, client.Config{Key: sesame, Transport: &feed{last: 3, cut: 10, refuse: 404}})
		err := c.Events(t.Context(), client.Stream{Path: "/events"}, func(client.Event) error { return nil })
		var e *client.Error
		if !errors.As(err, &e) || e.Status != 404 {
			t.Errorf("Events() = %v, want the refusal", err)
		}
	})
}

func TestStreamThatIsOverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, client.Config{Key: sesame, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("Last-Event-ID") == "7" {
				return &http.Response{StatusCode: 204, Body: http.NoBody, Header: http.Header{}}, nil
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("id: 7\ndata: x\n\n")), Header: http.Header{}}, nil
		})})
		n := 0
		if err := c.Events(t.Context(), client.Stream{Path: "/x"}, func(client.Event) error { n++; return nil }); err != nil || n != 1 {
			t.Errorf("Events() = %v after %d", err, n)
		}
	})
}

func TestStreamThatFallsSilentIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{last: 1, cut: 1 << 20}
		c := dial(t, client.Config{Key: sesame, Transport: f})
		began := time.Now()
		err := c.Events(t.Context(), client.Stream{Path: "/events", Lost: func(error, time.Duration) {
			if f.connections == 1 {
				f.last = 2
			}
		}}, func(e client.Event) error {
			if e.ID == "2" {
				return client.ErrEnough
			}
			return nil
		})
		if took := time.Since(began); err != nil || took < 50*time.Second || took > 55*time.Second {
			t.Errorf("Events() = %v after %v", err, took)
		}
	})
}

func TestEventThatIsTooLongEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := dial(t, client.Config{Key: sesame, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			if tries++; tries > 2 {
				return &http.Response{StatusCode: 410, Body: http.NoBody, Header: http.Header{}}, nil
			}
			line := "data: " + strings.Repeat("x", 1<<19) + "\n"
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(strings.Repeat(line, 4) + "\n")), Header: http.Header{}}, nil
		})})
		err := c.Events(t.Context(), client.Stream{Path: "/events"}, func(client.Event) error {
			t.Error("an event came")
			return nil
		})
		if err == nil || tries != 3 {
			t.Errorf("Events() = %v after %d tries", err, tries)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func FuzzStreamOfAnything(f *testing.F) {
	f.Add("id: 1\ndata: a\n\n", 3)
	f.Add("\rdata:x\r\r\ndata\n\n:\n", 1)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		whole, part := read(t, text), read(t, text[:min(max(cut, 0), len(text))])
		if len(part) > len(whole) || !slices.Equal(part, whole[:len(part)]) {
			t.Errorf("cut at %d: %q, whole %q", cut, part, whole)
		}
	})
}

// read returns the events of one connection that sends text and is refused
// afterwards.
func read(t *testing.T, text string) (got []string) {
	synctest.Test(t, func(t *testing.T) { got = readOnce(t, text) })
	return got
}

func readOnce(t *testing.T, text string) (got []string) {
	first := true
	c := dial(t, client.Config{Key: sesame, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		status := 410
		if first {
			status, first = 200, false
		}
		return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(text)), Header: http.Header{}}, nil
	})})
	n := 0
	_ = c.Events(t.Context(), client.Stream{Path: "/events"}, func(e client.Event) error {
		got = append(got, fmt.Sprintf("%s %s %s", e.ID, e.Name, e.Data))
		if n++; n > 100 {
			return client.ErrEnough
		}
		return nil
	})
	return got
}
