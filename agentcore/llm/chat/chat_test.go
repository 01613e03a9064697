package chat_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/chat"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(t *testing.T, cfg chat.Config) *chat.Client {
	t.Helper()
	cfg.Model = "m"
	c, err := chat.New("parrot", cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// talk is what a consumer gets that listens to the end.
func talk(ctx context.Context, c *chat.Client, ask func(*chat.Reply) error) (text string, err error) {
	for d, failed := range c.Chat(ctx, ask) {
		text, err = text+d.Text, failed
	}
	return text, err
}

// busy is a server that is overloaded, and says so.
func busy() error {
	return provider.Status("parrot", "chat", 503, nil, nil)
}

func TestARequestIsTriedAgainOnlyBeforeAWordAndInTime(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cfg   chat.Config
		words string // said before it fails
		tries int
	}{
		{"twice, if nothing is said of it", chat.Config{}, "", 3},
		{"as often as configured", chat.Config{Retries: 1}, "", 2},
		{"never, if not wanted", chat.Config{Retries: -1}, "", 1},
		{"five times at most", chat.Config{Retries: 99, Patience: provider.Patience{First: time.Hour}}, "", 6},
		{"not when the pause ends too late", chat.Config{Patience: provider.Patience{First: 600 * time.Millisecond}}, "", 2},
		{"not after a word", chat.Config{}, "Hi.", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				text, err := talk(t.Context(), client(t, tt.cfg), func(r *chat.Reply) error {
					tries++
					if err := r.Say(tt.words); err != nil {
						t.Error(err)
					}
					return busy()
				})
				if tries != tt.tries || text != tt.words || provider.ClassOf(err) != provider.Unavailable {
					t.Errorf("%d tries, %q, %v, want %d and %q", tries, text, err, tt.tries, tt.words)
				}
			})
		})
	}
}

// A server that refuses the same field for ever is not asked for ever.
func TestARefusedFieldIsLearnedAFewTimesOnly(t *testing.T) {
	c := client(t, chat.Config{Retries: -1})
	c.Learns = 3
	asked := 0
	_, err := talk(t.Context(), c, func(r *chat.Reply) error {
		asked++
		r.Refused = "temperature"
		return provider.Status("parrot", "chat", http.StatusBadRequest, nil, nil)
	})
	if asked != 4 || provider.ClassOf(err) != provider.Refused {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

func TestAReplyIsBounded(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	for name, ask := range map[string]func(*chat.Reply) error{
		"words": func(r *chat.Reply) error { return errors.Join(r.Say(long), r.Say("x")) },
		"name":  func(r *chat.Reply) error { return r.Begin(&chat.Call{Name: long}) },
		"id":    func(r *chat.Reply) error { return r.Begin(&chat.Call{ID: long + "x"}) },
		"arguments": func(r *chat.Reply) error {
			c := &chat.Call{}
			return errors.Join(r.Begin(c), r.Add(c, long), r.Add(c, "x"))
		},
		"calls": func(r *chat.Reply) (err error) {
			for range 17 {
				err = errors.Join(err, r.Begin(&chat.Call{}))
			}
			return err
		},
	} {
		_, err := talk(t.Context(), client(t, chat.Config{}), ask)
		if provider.ClassOf(err) != provider.Garbage || !strings.Contains(err.Error(), "the reply is too long") {
			t.Errorf("%s without end: %v", name, err)
		}
	}
}

func TestNothingFollowsWhenTheConsumerHasStopped(t *testing.T) {
	c := client(t, chat.Config{})
	heard := 0
	for range c.Chat(t.Context(), func(r *chat.Reply) error {
		r.Hand(llm.Delta{Text: "One"})
		r.Hand(llm.Delta{Text: "two"})
		return busy()
	}) {
		heard++
		break
	}
	if heard != 1 {
		t.Errorf("heard %d", heard)
	}
}

func TestOnlyAClientOfItsOwnIsClosed(t *testing.T) {
	idle := &idler{}
	if err := client(t, chat.Config{HTTP: &http.Client{Transport: idle}}).Close(); err != nil || idle.closed {
		t.Errorf("Close() = %v, the caller's client closed: %v", err, idle.closed)
	}
	own := client(t, chat.Config{})
	own.HTTP.Transport = idle
	if err := own.Close(); err != nil || !idle.closed {
		t.Errorf("Close() = %v, its own client closed: %v", err, idle.closed)
	}
}

type idler struct {
	http.RoundTripper
	closed bool
}

func (i *idler) CloseIdleConnections() { i.closed = true }

func TestEveryMistakeIsNamedWithTheProvider(t *testing.T) {
	_, err := chat.New("parrot", chat.Config{MaxTokens: -1}, errors.New("Seeds are required"), nil)
	want := "parrot: Model is required\nparrot: MaxTokens must not be negative\nparrot: Seeds are required"
	if err == nil || err.Error() != want {
		t.Errorf("New() = %v, want %s", err, want)
	}
}
