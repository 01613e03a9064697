package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// simSays is what sim prints before it waits.
func simSays(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var o, e bytes.Buffer
	if got := run(ctx, streams{out: &o, err: &e, width: fault.Plain}, append([]string{"sim", "--listen=127.0.0.1:0"}, args...)); got != fault.Interrupted || e.Len() != 0 {
		t.Fatalf("status %d, stderr %q", got, e.String())
	}
	return o.String()
}

// What sim prints for a gateway can be pasted into a shell, whatever the token
// is, and the shell gives it on.
func TestWhatSimPrintsCanBePasted(t *testing.T) {
	const token = `it's "$HOME" \ & more`
	text := simSays(t, "--auth-token="+token, "--gateway=http://127.0.0.1:9090/")
	_, paste, ok := strings.Cut(text, "to paste into a shell\n\n")
	if !ok {
		t.Fatalf("nothing to paste in\n%s", text)
	}
	out, err := exec.Command("sh", "-c", strings.Replace(paste, "hookswitch serve", "env", 1)).Output()
	if err != nil {
		t.Fatalf("the shell says %v to\n%s", err, paste)
	}
	for _, want := range []string{
		"HOOKSWITCH_CARRIER=twilio", "HOOKSWITCH_TWILIO_AUTH_TOKEN=" + token, "HOOKSWITCH_TWILIO_ACCOUNT_SID=" + server.SimAccount,
		"HOOKSWITCH_PUBLIC_URL=http://127.0.0.1:9090", "HOOKSWITCH_LISTEN=127.0.0.1:9090", "HOOKSWITCH_TWILIO_API_BASE=http://127.0.0.1:",
	} {
		if !strings.Contains("\n"+string(out), "\n"+want) {
			t.Errorf("the shell has no %s in\n%s", want, out)
		}
	}
}

func TestWhatSimPrintsFits80Columns(t *testing.T) {
	text := simSays(t, "--phone=hangup", "--sub-account=+15005550007", "--fault=callback-late,status=completed,for=3s,chance=0.25", "--rest-fault=429,every=2")
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 || strings.Contains(line, "\x1b") {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	for _, want := range []string{"+14155550134       answered by hangup", "+15005550007       of sub-account AC", "fault              callback-late,", "fault              429,every=2", "seed               0"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestSimSaysItAsJSON(t *testing.T) {
	var got simulated
	text := simSays(t, "--json", "--sub-account=+15005550007", "--fault=cut@5s", "--seed=7", "--phone=hangup")
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if len(got.Accounts) != 2 || got.Accounts[1].Number != "+15005550007" || got.Accounts[0].Asks != "http://127.0.0.1:8080/twilio/voice" ||
		got.Seed != 7 || len(got.Faults) != 1 || got.Environ["HOOKSWITCH_TWILIO_API_BASE"] != got.Base || got.Phones["+14155550134"] != "hangup" {
		t.Errorf("%+v", got)
	}
	var again simulated
	json.Unmarshal([]byte(simSays(t, "--json", "--sub-account=+15005550007")), &again)
	if again.Accounts[1] != got.Accounts[1] {
		t.Errorf("the sub-account was %+v, and is %+v in the next run", got.Accounts[1], again.Accounts[1])
	}
}

func TestASubAccountCanBeUsed(t *testing.T) {
	c := simCmd{AccountSID: server.SimAccount, AuthToken: server.SimToken, Number: server.SimNumber, SubAccount: []string{"+15005550007"}, CPS: 1}
	carrier, err := c.carrier(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer carrier.Close()
	a := subAccount("+15005550007", server.SimAccount)
	for token, want := range map[string]int{a.AuthToken: 200, "wrong": 401} {
		r := httptest.NewRequest(http.MethodGet, "/2010-04-01/Accounts/"+a.SID+"/IncomingPhoneNumbers.json", nil)
		r.SetBasicAuth(a.SID, token)
		w := httptest.NewRecorder()
		carrier.Handler().ServeHTTP(w, r)
		if w.Code != want || want == 200 && !strings.Contains(w.Body.String(), "+15005550007") {
			t.Errorf("status %d, want %d: %s", w.Code, want, w.Body)
		}
	}
}

func TestSimRefusesWhatMakesNoSense(t *testing.T) {
	for _, tt := range []struct {
		args       []string
		what, code string
	}{
		{[]string{"--fault=sunspots"}, `there is no fault "sunspots"`, "sim/fault"},
		{[]string{"--fault=hold@3s"}, `needs a value of "for"`, "sim/fault"},
		{[]string{"--rest-fault=404"}, "there is no fault", "sim/fault"},
		{[]string{"--sub-account=142"}, "not E.164", "sim/settings"},
		{[]string{"--cps=-1"}, "less than nothing", "sim/settings"},
		{[]string{"--account-sid=AC1"}, "AC and 32 hex digits", "sim/settings"},
		{[]string{"--text=Hello"}, "a number and a text", "sim/settings"},
		{[]string{"--text=+14155550134"}, "a number and a text", "sim/settings"},
		{[]string{"--call=nobody"}, "can't be read", "persona/file"},
	} {
		status, out, errs := typed(t, nil, append([]string{"sim", "--listen=127.0.0.1:0"}, tt.args...)...)
		if status != fault.Wrong || !strings.Contains(strings.Join(strings.Fields(errs), " "), tt.what) || !strings.Contains(errs, "["+tt.code+"]") || out != "" {
			t.Errorf("%v: status %d\n%s%s", tt.args, status, out, errs)
		}
	}
}

// somebodys is a gateway that is not ours: documents alone.
type somebodys struct {
	mu    sync.Mutex
	asked []string // path and form
}

func (g *somebodys) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	g.mu.Lock()
	g.asked = append(g.asked, r.URL.Path+" "+form.Get("ErrorCode")+form.Get("SequenceNumber"))
	g.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	io.WriteString(w, `<Response><Say>hello</Say><Pause length="9"/></Response>`)
}

// Anybody's gateway can be put through trouble, with a persona that is built in,
// and is not blamed for it.
func TestSimPutsAnybodysGatewayThroughTrouble(t *testing.T) {
	g := &somebodys{}
	srv := httptest.NewServer(g)
	defer srv.Close()
	status, out, errs := typed(t, nil, "sim", "--listen=127.0.0.1:0", "--json", "--call=hangup", "--cps=0",
		"--voice-url="+srv.URL+"/answer", "--fallback-url="+srv.URL+"/plan-b", "--status-url="+srv.URL+"/over",
		"--fault=webhook-status,path=/answer", "--fault=callback-twice")
	if status != fault.Held {
		t.Fatalf("status %d\n%s%s", status, out, errs)
	}
	if got, want := strings.Join(g.asked, ", "), "/plan-b 11200, /over 0, /over 0"; got != want {
		t.Errorf("the gateway was asked %s, want %s", got, want)
	}
	var last ended
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Status != "completed" || last.Faults["webhook-status"] != 1 || last.Faults["callback-twice"] != 1 {
		t.Errorf("%+v, %v from\n%s", last, err, out)
	}
}
