package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

func TestVoiceAnswersWithAConnectAndNothingBehindIt(t *testing.T) {
	r := newRig(t)
	status, body := r.post(pathVoice, formOf())
	want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<Response><Connect action="/twilio/next` + strings.ReplaceAll(overrides, "&", "&amp;") + `"><Stream url="ws` + strings.TrimPrefix(r.server.URL, "http") + `/twilio/media">` +
		`<Parameter name="token" value="token-CAfedc-1"/></Stream></Connect></Response>`
	if status != 200 || body != want {
		t.Errorf("%d\n%s\nwant\n%s", status, body, want)
	}
}

func TestDoor(t *testing.T) {
	hang := `<Response><Hangup/></Response>`
	for _, tt := range []struct {
		name   string
		desk   func(*desk)
		status string // CallStatus
		code   int
		answer string // part of it
	}{
		{"a live call gets another stream", func(d *desk) { d.calls[testCall] = &deskCall{epoch: 1} }, "in-progress", 200, `value="token-CAfedc-2"`},
		{"a call that we ended is hung up", func(d *desk) { d.calls[testCall] = &deskCall{over: true} }, "in-progress", 200, hang},
		{"a call that is over gets nothing", func(d *desk) { d.calls[testCall] = &deskCall{} }, "completed", 200, `<Response/>`},
		{"a call that is being talked on is a replay", func(d *desk) { d.calls[testCall] = &deskCall{talking: true} }, "in-progress", 409, ``},
		{"a call that nobody knows is hung up", func(*desk) {}, "in-progress", 200, hang},
		{"without a database the caller waits", func(d *desk) { d.broken = errors.New("disk full") }, "in-progress", 200, `<Pause length="1"/><Redirect>/twilio/next</Redirect>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			tt.desk(r.desk)
			status, body := r.post(pathNext, formOf("CallStatus", tt.status))
			if status != tt.code || !strings.Contains(body, tt.answer) {
				t.Errorf("%d %s, want %d with %s", status, body, tt.code, tt.answer)
			}
			if strings.Contains(body, "disk") {
				t.Errorf("the answer tells of our inside: %s", body)
			}
		})
	}
}

// stepDesk answers every question with one step.
type stepDesk struct {
	desk
	step telephony.Step
	err  error
}

func (d *stepDesk) Ring(context.Context, telephony.Incoming) (telephony.Step, error) {
	return d.step, d.err
}
func (d *stepDesk) Next(context.Context, telephony.Question) (telephony.Step, error) {
	return d.step, d.err
}

func TestStepsBecomeTwiML(t *testing.T) {
	hang := `<Response><Hangup/></Response>`
	for _, tt := range []struct {
		name        string
		step        telephony.Step
		err         error
		voice, next string
		code        int // of voice
	}{
		{"hang up", telephony.Step{Kind: telephony.StepHangup}, nil, hang, hang, 200},
		{"nothing", telephony.Step{Kind: telephony.StepNothing}, nil, `<Response/>`, `<Response/>`, 200},
		{"apologise", telephony.Step{Kind: telephony.StepApologise, Say: `Sorry <&"> we're full.`}, nil,
			`<Response><Say>Sorry &lt;&amp;&#34;&gt; we&#39;re full.</Say><Hangup/></Response>`, `<Hangup/></Response>`, 200},
		{"refuse before, hang up after the answer", telephony.Step{Kind: telephony.StepRefuse}, nil, `<Response><Reject reason="busy"/></Response>`, hang, 200},
		{"wait, then ask the same again", telephony.Step{Kind: telephony.StepWait}, nil,
			`<Redirect>/twilio/voice?call=a%26b</Redirect>`, `<Redirect>/twilio/next</Redirect>`, 200},
		{"a step of tomorrow hangs up", telephony.Step{Kind: 99}, nil, hang, hang, 200},
		{"a failure leaves the call to another node", telephony.Step{}, errors.New("x"), `Service Unavailable`, `<Redirect>/twilio/next</Redirect>`, 503},
		{"what XML can't say is replaced", telephony.Step{Kind: telephony.StepApologise, Say: "a\x00b"}, nil, "<Say>a\uFFFDb</Say>", "<Say>a\uFFFDb</Say>", 200},
		{"an answer that Twilio would not read", telephony.Step{Kind: telephony.StepApologise, Say: strings.Repeat("la", 40000)}, nil, hang, hang, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.trunk.desk = &stepDesk{step: tt.step, err: tt.err}
			if code, body := r.post(pathVoice+"?call=a%26b", formOf()); code != tt.code || !strings.Contains(body, tt.voice) {
				t.Errorf("voice: %d %.200s, want %d with %s", code, body, tt.code, tt.voice)
			}
			if _, body := r.post(pathNext, formOf("CallStatus", "in-progress")); !strings.Contains(body, tt.next) {
				t.Errorf("next: %.200s, want %s", body, tt.next)
			}
		})
	}
}

func TestStatusReportsWhatTheCarrierSays(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct {
		path string
		form url.Values
		want telephony.Progress
	}{
		{pathStatus + "?call=c1", formOf("CallStatus", "completed", "SequenceNumber", "3", "CallDuration", "49", "Duration", "1", "SipResponseCode", "200"),
			telephony.Progress{Carrier: testCall, Call: "c1", State: telephony.Completed, Sequence: 3, Duration: 49 * time.Second, SIPCode: 200}},
		{pathStatus, formOf("CallStatus", "initiated", "SequenceNumber", "0"), telephony.Progress{Carrier: testCall, State: telephony.Queued}},
		{pathStatus, formOf("CallStatus", "no-answer", "SequenceNumber", "2", "SipResponseCode", "487"), telephony.Progress{Carrier: testCall, State: telephony.StateNone, Sequence: 2, SIPCode: 487}},
		{pathStatus, formOf("CallStatus", "meditating", "SequenceNumber", "-4", "CallDuration", "99999999999999999999", "SipResponseCode", "x"), telephony.Progress{Carrier: testCall}},
	} {
		if status, body := r.post(tt.path, tt.form); status != http.StatusNoContent || body != "" {
			t.Errorf("%d %s, want 204", status, body)
		}
		if got := r.desk.words[len(r.desk.words)-1]; got != tt.want {
			t.Errorf("reported %+v, want %+v", got, tt.want)
		}
	}
	r.desk.broken = telephony.ErrUnknownCall
	if status, _ := r.post(pathStatus, formOf()); status != http.StatusNoContent {
		t.Errorf("a word about an unknown call: %d, want 204", status)
	}
	r.desk.broken = errors.New("disk full")
	if status, _ := r.post(pathStatus, formOf()); status != http.StatusServiceUnavailable {
		t.Errorf("a word that was not kept: %d, want 503", status)
	}
}

func TestMachineDetectionIsCounted(t *testing.T) {
	r := newRig(t)
	for _, by := range []string{"human", "machine_end_beep", "' OR 1=1"} {
		form := url.Values{"CallSid": {testCall}, "AccountSid": {testAccount}, "AnsweredBy": {by}, "MachineDetectionDuration": {"2980"}}
		if status, _ := r.post(pathAMD, form); status != http.StatusNoContent {
			t.Errorf("%d, want 204", status)
		}
	}
	for _, reason := range []string{"answered_by_human", "answered_by_machine_end_beep", "answered_by_other"} {
		if r.tally.of(reason) != 1 {
			t.Errorf("counted %v, want one %s", &r.tally, reason)
		}
	}
}

func TestARepeatedRequestGetsTheSameAnswer(t *testing.T) {
	r := newRig(t)
	r.desk.calls[testCall] = &deskCall{epoch: 1}
	ask := func(token, city string) string {
		_, body := r.post(pathNext, formOf("CallStatus", "in-progress", "FromCity", city), "I-Twilio-Idempotency-Token", token)
		return body
	}
	var wg sync.WaitGroup
	answers := make([]string, 8)
	for i := range answers {
		wg.Go(func() { answers[i] = ask("one", "") })
	}
	wg.Wait()
	for _, a := range answers {
		if a != answers[0] || !strings.Contains(a, "token-CAfedc-2") {
			t.Errorf("a repeated request got\n%s\nthe first got\n%s", a, answers[0])
		}
	}
	if r.tally.of(ReasonRepeated) != 7 {
		t.Errorf("counted %v, want 7 repeated", &r.tally)
	}
	if got := ask("two", ""); !strings.Contains(got, "token-CAfedc-3") {
		t.Errorf("another token got %s", got)
	}
	if got := ask("one", "Paris"); strings.Contains(got, "token") || r.tally.of(ReasonTokenReused) != 1 {
		t.Errorf("the same token with another form got %s", got)
	}
}

func TestAFailureIsNotRemembered(t *testing.T) {
	r := newRig(t)
	r.desk.calls[testCall] = &deskCall{epoch: 1}
	r.desk.broken = errors.New("disk full")
	form := formOf("CallStatus", "in-progress")
	if _, body := r.post(pathNext, form, "I-Twilio-Idempotency-Token", "one"); !strings.Contains(body, "Redirect") {
		t.Errorf("broken: %s", body)
	}
	r.desk.broken = nil
	if _, body := r.post(pathNext, form, "I-Twilio-Idempotency-Token", "one"); !strings.Contains(body, "Connect") {
		t.Errorf("mended: %s", body)
	}
}

func TestRememberedAnswersAreBoundedAndExpire(t *testing.T) {
	a := newAnswers()
	begin := time.Now()
	for i := range 3 * maxAnswers {
		m, mine := a.claim(digest{byte(i), byte(i >> 8)}, digest{}, begin)
		if !mine {
			t.Fatal("a new key is known")
		}
		m.keep = true
		a.settle(m)
	}
	if len(a.known) != maxAnswers || len(a.order) != maxAnswers {
		t.Errorf("%d known, %d in order, want %d", len(a.known), len(a.order), maxAnswers)
	}
	last := digest{byte((3*maxAnswers - 1) % 256), byte((3*maxAnswers - 1) >> 8)}
	if _, mine := a.claim(last, digest{}, begin.Add(keepAnswer)); mine {
		t.Error("forgotten too early")
	}
	if _, mine := a.claim(last, digest{}, begin.Add(keepAnswer+time.Second)); !mine || len(a.known) != 1 {
		t.Errorf("after its time %d are known, mine = %v", len(a.known), mine)
	}
}

func TestBadForms(t *testing.T) {
	r := newRig(t)
	big := formOf("FromCity", strings.Repeat("x", maxForm))
	if status, _ := r.post(pathVoice, big); status != http.StatusRequestEntityTooLarge {
		t.Errorf("64 KiB: %d, want 413", status)
	}
	if status, _ := r.post(pathVoice+"?"+strings.Repeat("x", maxURI), formOf()); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a long address: %d, want 413", status)
	}
	if status, _ := r.raw(http.MethodPost, pathVoice, "a=%zz", "X-Twilio-Signature", "x"); status != http.StatusBadRequest {
		t.Errorf("a broken form: %d, want 400", status)
	}
	if status, _ := r.post(pathVoice, formOf("AccountSid", "AC00000000000000000000000000000000")); status != http.StatusForbidden {
		t.Errorf("another account: %d, want 403", status)
	}
	for _, sid := range []string{"", "CA/../x", strings.Repeat("C", 65)} {
		if status, _ := r.post(pathVoice, formOf("CallSid", sid)); status != http.StatusBadRequest {
			t.Errorf("CallSid %.9q: %d, want 400", sid, status)
		}
	}
	for reason, want := range map[string]int{ReasonBodyTooBig: 2, ReasonBadForm: 4, ReasonWrongAccount: 1} {
		if r.tally.of(reason) != want {
			t.Errorf("counted %v, want %d %s", &r.tally, want, reason)
		}
	}
}

func TestASignedRequestThatIsNoWebsocketIsNoStream(t *testing.T) {
	r := newRig(t)
	signature := sign(testToken, "ws"+strings.TrimPrefix(r.server.URL, "http")+pathMedia, nil)
	if status, _ := r.raw(http.MethodGet, pathMedia, "", "X-Twilio-Signature", signature); status != http.StatusBadRequest {
		t.Errorf("a plain GET: %d, want 400", status)
	}
	if status, _ := r.raw(http.MethodGet, pathMedia, "", "X-Twilio-Signature", signature, "Connection", "Upgrade", "Upgrade", "websocket"); status != http.StatusBadRequest {
		t.Errorf("an upgrade without key and version: %d, want 400", status)
	}
	if r.tally.of(ReasonNotUpgrade) != 2 {
		t.Errorf("counted %v", &r.tally)
	}
}

func TestARequestInAbsoluteFormIsSignedAsThePublicAddress(t *testing.T) {
	r := newRig(t)
	form := formOf()
	req := httptest.NewRequest(http.MethodPost, "http://inner.example/twilio/voice?call=1", strings.NewReader(form.Encode()))
	req.RequestURI = "http://inner.example/twilio/voice?call=1" // as a proxy may send it
	req.Header.Set("X-Twilio-Signature", sign(testToken, r.server.URL+"/twilio/voice?call=1", form))
	w := httptest.NewRecorder()
	r.trunk.Handler().ServeHTTP(w, req)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "<Connect") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
