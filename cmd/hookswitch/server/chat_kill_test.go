package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	writ "github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// guest writes to the town's number.
const guest = "+14155550341"

// street is a town whose agent writes.
type street struct {
	*town
	public string
	socket *os.File
}

// newStreet starts one, whose model answers.
func newStreet(t *testing.T, answer func(chat) string) *street {
	t.Helper()
	model := newScribe(t)
	model.on["Front Desk"] = answer
	w := newTown(t, sim.Knobs{}, nil, func(string) roster.Definition {
		d := receptionist("Front Desk")
		provider, name, prompt := "openai", "gpt-4o-mini", "You are Front Desk."
		d.LLM = &roster.LLM{Provider: &provider, Model: &name, Prompt: &prompt}
		return d
	})
	w.env = []string{"HOOKSWITCH_OPENAI_BASE_URL=" + model.URL + "/v1"}
	now := time.Now()
	if _, err := w.db.CreateChannel(t.Context(), roster.Channel{
		ID: "chan_street", Workspace: roster.Default, Name: "x", Kind: telephony.Phone, Address: townNumber, Hours: []byte("[]"), Enabled: true,
		AgentUUID: "uuid-of-front-desk", Created: now, Updated: now,
	}, "test"); err != nil {
		t.Fatal(err)
	}
	s := &street{town: w}
	s.public, s.socket = w.socket()
	n, _ := w.carrier.Owned(townNumber)
	n.SMSURL = s.public + "/twilio/message"
	if err := w.carrier.Own(n); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *street) start() *exec.Cmd { return s.gateway(s.public, s.socket) }

// asks has the guest write, and waits until a gateway has taken it.
func (s *street) asks() {
	s.t.Helper()
	m, err := s.carrier.Text(guest, townNumber, "When do you open?")
	if err != nil {
		s.t.Fatal(err)
	}
	<-m.Done()
}

// chat is the guest's, and its messages.
func (s *street) chat() (c writ.Chat, all []writ.Message) {
	s.t.Helper()
	c, err := s.db.OpenChatWith(s.t.Context(), "chan_street", guest)
	if err == nil {
		all, err = s.db.Messages(s.t.Context(), c.ID, 0, 100)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return c, all
}

// once waits until the guest was answered, and checks that it was once. status is
// what is known of the answer in the end.
func (s *street) once(died time.Time, status string) {
	t := s.t
	t.Helper()
	within(t, time.Minute, "the answer on record", func() bool {
		_, all := s.chat()
		return len(all) == 2 && all[1].Status == status
	})
	t.Logf("answered %v after the kill", time.Since(died).Round(100*time.Millisecond))
	time.Sleep(2 * time.Second) // for an answer that must not come
	texts := 0
	for _, m := range s.carrier.Messages() {
		if m.To() == guest {
			texts++
		}
	}
	got := s.carrier.TextsTo(guest)
	c, all := s.chat()
	if texts != 1 || len(got) != 1 || got[0].Body() != "At nine." || len(all) != 2 || all[0].Status != writ.Answered || all[1].Carrier != got[0].SID() {
		t.Errorf("the guest was sent %d texts and got %d; on record are %+v", texts, len(got), all)
	}
	entries, err := s.db.ChatJournal(t.Context(), c.ID, 0)
	var is []string
	for _, e := range entries {
		is = append(is, e.Event.Kind())
	}
	if want := []string{"opened", "contact_wrote", "agent_wrote"}; err != nil || !slices.Equal(is, want) {
		t.Errorf("the journal is %v, %v, want %v", is, err, want)
	}
}

// A gateway is killed when it has said that it has the text, and has done nothing
// more.
func TestKillBeforeATextIsAnswered(t *testing.T) {
	t.Parallel()
	s := newStreet(t, func(chat) string { return says("At nine.") })
	first := s.start()
	s.asks()
	s.kill(first)
	died := time.Now()
	second := s.start()
	s.once(died, writ.Delivered)
	s.stop(second)
}

// A gateway is killed while the model thinks. What it held of the chat runs out,
// and another one answers.
func TestKillWhileTheModelThinks(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	thinking, dead := make(chan struct{}), make(chan struct{})
	s := newStreet(t, func(chat) string {
		if asked.Add(1) == 1 {
			close(thinking)
			<-dead
		}
		return says("At nine.")
	})
	first := s.start()
	s.asks()
	<-thinking
	s.kill(first)
	close(dead)
	died := time.Now()
	second := s.start()
	s.runsOut()
	s.once(died, writ.Delivered)
	if asked.Load() != 2 {
		t.Errorf("the model was asked %d times, want once by each gateway", asked.Load())
	}
	s.stop(second)
}

// runsOut has the turn that nobody ends run out now, and not in two minutes.
func (s *street) runsOut() {
	s.t.Helper()
	c, _ := s.chat()
	later := time.Now().Add(time.Hour)
	c, _, err := s.db.TakeTurn(s.t.Context(), c.ID, later, later)
	if err == nil {
		err = s.db.LetGo(s.t.Context(), c, nil)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// A gateway is killed when the carrier has taken its answer and said so, and
// before it could keep that. The next one hears of it, or finds it there.
func TestKillBetweenSendingAndNoting(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]bool{"and the carrier tells what became of it": true, "and the carrier tells nothing": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killedBeforeNoting(t, told)
		})
	}
}

func killedBeforeNoting(t *testing.T, told bool) {
	s := newStreet(t, func(chat) string { return says("At nine.") })
	var sent atomic.Int32
	answered, killed := make(chan struct{}, 8), make(chan struct{})
	serve := s.rest.Config.Handler
	s.rest.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/Messages.json") {
			serve.ServeHTTP(out, r)
			return
		}
		sent.Add(1)
		if err := r.ParseForm(); err != nil {
			t.Errorf("a text to send: %v", err)
		}
		if !told {
			r.PostForm.Del("StatusCallback")
		}
		form := r.PostForm.Encode()
		r.Body, r.ContentLength, r.Form, r.PostForm = io.NopCloser(strings.NewReader(form)), int64(len(form)), nil, nil
		answer := httptest.NewRecorder()
		serve.ServeHTTP(answer, r)
		if answer.Code != http.StatusCreated {
			t.Errorf("the carrier says %d %s", answer.Code, answer.Body)
		}
		answered <- struct{}{}
		<-killed
		panic(http.ErrAbortHandler)
	})
	first := s.start()
	s.asks()
	select {
	case <-answered:
	case <-time.After(30 * time.Second):
		t.Fatal("the carrier was never asked")
	}
	s.kill(first)
	close(killed)
	died := time.Now()
	second := s.start()
	status := writ.Sent
	if told {
		status = writ.Delivered
	}
	s.once(died, status)
	if sent.Load() != 1 {
		t.Errorf("the carrier was asked to send it %d times", sent.Load())
	}
	s.stop(second)
}
