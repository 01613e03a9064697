package demometrics

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // as Twilio signs
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/booth"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// Who calls, and who is called. Their words are real speech: the gateway
// recognises them.
var (
	patient = persona.Persona{Name: "patient", Max: 45 * time.Second, Lines: []persona.Line{
		{Say: "Hello, where is my order?"},
		{Say: "Thank you. What else can you do?", When: persona.When{Kind: persona.IntoAgent, For: 1500 * time.Millisecond}},
		{Press: "1"},
		{Pause: 22 * time.Second},
		{Hangup: true},
	}}
	chatty = persona.Persona{Name: "chatty", Max: 25 * time.Second, Lines: []persona.Line{
		{Say: "Can you tell me your opening hours?"}, {Say: "I would like an appointment on Monday at ten."}, {Press: "1"}, {Hangup: true},
	}}
	brief  = persona.Persona{Name: "brief", Max: 8 * time.Second, Lines: []persona.Line{{Hangup: true}}}
	person = persona.Persona{Name: "person", Max: 20 * time.Second, Answer: handset.Answer{After: time.Second}, Lines: []persona.Line{
		{Say: "Hello, who is there?", When: persona.When{Kind: persona.At, For: 300 * time.Millisecond}}, {Say: "No, thank you. Goodbye."}, {Hangup: true},
	}}
	sales = persona.Persona{Name: "sales", Max: 12 * time.Second, Answer: handset.Answer{After: 500 * time.Millisecond}, Lines: []persona.Line{
		{Press: "1"}, {Say: "Hello, this is sales speaking.", When: persona.When{Kind: persona.At, For: 6 * time.Second}},
		{Hangup: true, When: persona.When{Kind: persona.At, For: 10 * time.Second}},
	}}
)

// crowd is everybody who calls a town, or is called.
type crowd struct {
	t       *town
	scripts map[string]*persona.Script
	api     *client.Client
	wg      sync.WaitGroup
}

func gather(ctx context.Context, t *town) (*crowd, error) {
	c := &crowd{t: t, scripts: map[string]*persona.Script{}}
	voicemail := persona.Machine(4*time.Second, 1000, 400*time.Millisecond)
	voicemail.Name = "voicemail"
	for _, p := range []persona.Persona{patient, chatty, brief, person, sales, voicemail} {
		script, err := p.Prepare(ctx, persona.Sound{Voice: booth.Voice(t.voice)})
		if err != nil {
			return nil, fmt.Errorf("demometrics: %s: %w", p.Name, err)
		}
		c.scripts[p.Name] = script
	}
	answers := func(number, who string) {
		t.carrier.Register(number, sim.Phone{Answer: handset.Answer{After: 600 * time.Millisecond}, Make: func() handset.Handset { return c.scripts[who].Player() }})
	}
	answers(salesPhone, "sales")
	for n := range phones {
		answers(phone(personPhone, n), "person")
		answers(phone(machine, n), "voicemail")
		t.carrier.Register(phone(busyPhone, n), sim.Phone{Answer: handset.Answer{Kind: handset.Busy}})
	}
	var err error
	c.api, err = client.New(client.Config{Server: t.public, Key: t.key, Timeout: 10 * time.Second})
	return c, err
}

// phone is the nth of those whose numbers begin alike.
func phone(begins string, n int) string { return fmt.Sprintf("%s%02d", begins, n%phones) }

// call has a persona call number from time to time, until ctx ends. Calls that
// go on then are the town's to end.
func (c *crowd) call(ctx context.Context, who, number string, each time.Duration) {
	c.again(ctx, each, func(n int) {
		from := fmt.Sprintf("+1415556%04d", (n*7+len(who)*100+int(number[len(number)-1]))%10000)
		c.t.carrier.Call(context.WithoutCancel(ctx), from, number, c.scripts[who].Player()) //nolint:errcheck // a gateway that is dead just now: what comes of it is what is measured
	})
}

// dispatch has the agent call one phone after the other; one in three asks twice
// for the same call.
func (c *crowd) dispatch(ctx context.Context, begins string, each time.Duration) {
	c.again(ctx, each, func(n int) {
		number := phone(begins, n)
		key := fmt.Sprintf("%s-%d", number, n)
		for range 1 + n%3/2 {
			c.api.Once(ctx, client.Path("agents", c.t.desk, "dispatch"), key, map[string]any{"phone_number": number, "from": deskNumber}, nil) //nolint:errcheck // refusals are counted, too
		}
	})
}

// later has the agent call soon: what is due is begun by itself.
func (c *crowd) later(ctx context.Context, begins string, each time.Duration) {
	c.again(ctx, each, func(n int) {
		number := phone(begins, phones-1-n)
		at := time.Now().Add(time.Second).UTC().Format(time.RFC3339)
		c.api.Once(ctx, client.Path("agents", c.t.desk, "dispatch"), fmt.Sprintf("later-%s-%d", number, n), map[string]any{"phone_number": number, "from": deskNumber, "schedule_at": at}, nil) //nolint:errcheck // as above
	})
}

// strangers knock without a signature, and with a stream that makes no sense.
func (c *crowd) strangers(ctx context.Context) {
	c.again(ctx, 4*time.Second, func(int) {
		for _, path := range []string{"/twilio/voice", "/twilio/status"} {
			if resp, err := impatient.PostForm(c.t.public+path, nil); err == nil {
				resp.Body.Close()
			}
		}
		c.babble(ctx)
	})
}

// mediaPath is where the trunk takes streams.
const mediaPath = "/twilio/media"

// babble is somebody with the token whose stream says nonsense and never starts.
func (c *crowd) babble(ctx context.Context) {
	address := "ws" + strings.TrimPrefix(c.t.public, "http") + mediaPath
	mac := hmac.New(sha1.New, []byte(c.t.token))
	mac.Write([]byte(address))
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, address, http.Header{"X-Twilio-Signature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}})
	if resp != nil {
		resp.Body.Close()
	}
	if err != nil {
		return // the gateway is dead just now
	}
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage, []byte(`{"event":"connected","protocol":"Call","version":"1.0.0"}`)) //nolint:errcheck // as above
	conn.WriteMessage(websocket.TextMessage, []byte(`{"event":"nonsense"}`))                                      //nolint:errcheck
	conn.WriteMessage(websocket.TextMessage, []byte(`{"event":"stop"}`))                                          //nolint:errcheck
	conn.WriteMessage(websocket.TextMessage, []byte(`{"event":"start","start":{}}`))                              //nolint:errcheck
	conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	conn.ReadMessage() //nolint:errcheck // it is closed on us
}

// again does do at once, and from time to time until ctx ends.
func (c *crowd) again(ctx context.Context, each time.Duration, do func(n int)) {
	c.wg.Go(func() {
		tick := time.NewTicker(each)
		defer tick.Stop()
		for n := 0; ; n++ {
			do(n)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
}

// busy sends everybody off. It returns at once.
func (c *crowd) busy(ctx context.Context) error {
	// One stream in two is cut: its call is taken up again. Some sound is held back,
	// and a request is sent twice.
	err := c.t.carrier.Schedule(
		sim.Fault{What: sim.CutStream, Number: flakyNumber, At: 5 * time.Second, Nth: 1},
		sim.Fault{What: sim.HoldBack, Number: deskNumber, At: 3 * time.Second, For: 400 * time.Millisecond},
		sim.Fault{What: sim.WebhookTwice, Number: goneNumber, Nth: 1},
	)
	if err != nil {
		return err
	}
	c.call(ctx, "patient", deskNumber, 8*time.Second)
	c.call(ctx, "chatty", flakyNumber, 9*time.Second)
	c.call(ctx, "brief", goneNumber, 5*time.Second)
	c.call(ctx, "brief", nobody, 7*time.Second)
	c.dispatch(ctx, personPhone, 11*time.Second)
	c.dispatch(ctx, machine, 13*time.Second)
	c.dispatch(ctx, busyPhone, 8*time.Second)
	c.dispatch(ctx, "+187655501", 9*time.Second) // Jamaica: no rule allows it
	c.later(ctx, personPhone, 12*time.Second)
	c.strangers(ctx)
	return nil
}

func (c *crowd) close() {
	c.wg.Wait()
	c.api.Close()
}
