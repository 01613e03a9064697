package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// stopAt is an output that ends the command when it has said what is awaited.
type stopAt struct {
	mu   sync.Mutex
	text bytes.Buffer
	word string
	stop context.CancelFunc
}

func (s *stopAt) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	if strings.Contains(s.text.String(), s.word) {
		s.stop()
	}
	return len(p), nil
}

// A phone writes, the gateway answers, and the answer is printed.
func TestSimHasAPhoneWrite(t *testing.T) {
	for flag, want := range map[string]string{"": `+14155550134 got   "You said: Hello, it's \"me\""`, "--json": `{"text":"You said: Hello, it's \"me\"","from":"+14155550100","to":"+14155550134"}`} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			io.WriteString(w, "<Response><Message>You said: "+r.FormValue("Body")+"</Message></Response>")
		}))
		ctx, cancel := context.WithCancel(t.Context())
		out := &stopAt{word: want + "\n", stop: cancel}
		args := []string{"sim", "--listen=127.0.0.1:0", "--sms-url=" + srv.URL, `--text=+14155550134 Hello, it's "me"`}
		if flag != "" {
			args = append(args, flag)
		}
		var errs bytes.Buffer
		if got := run(ctx, streams{out: out, err: &errs, width: fault.Plain}, args); got != fault.Interrupted {
			t.Errorf("status %d\n%s%s", got, out.text.String(), errs.String())
		}
		srv.Close()
	}
}
