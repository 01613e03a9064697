package sim

import (
	"context"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

func TestOverridesOfAnAddress(t *testing.T) {
	plain := overrides{1, []string{"ct"}, 5 * time.Second, 15 * time.Second, 15 * time.Second}
	for _, tc := range []struct {
		fragment string
		want     overrides
		bad      []string
	}{
		{"", plain, nil},
		{"#", plain, nil},
		{"#rc=3&rp=5xx,ct,rt&ct=1000&rt=3000&tt=12000", overrides{3, []string{"5xx", "ct", "rt"}, time.Second, 3 * time.Second, 12 * time.Second}, nil},
		{"#rc=0", overrides{0, plain.on, plain.connect, plain.read, plain.total}, nil},
		{"#rc=5&rp=all", overrides{5, []string{"4xx", "5xx", "ct", "rt"}, plain.connect, plain.read, plain.total}, nil},
		{"#rp=4xx%2Cct", overrides{1, []string{"4xx", "ct"}, plain.connect, plain.read, plain.total}, nil},
		{"#ct=100&rt=100&tt=100&e=ashburn&sni=y", overrides{1, plain.on, 100 * ms, 100 * ms, 100 * ms}, nil},
		{"#ct=10000&rt=15000&tt=15000", overrides{1, plain.on, 10 * time.Second, 15 * time.Second, 15 * time.Second}, nil},
		{"#rc=6&ct=99&rt=15001&tt=0&rp=3xx&x=1&e=&rc", plain, []string{"rc", "ct", "rt", "tt", "rp", "x", "e", "rc"}},
		{"#ct=10001&rc=-1&rp=%zz", plain, []string{"ct", "rc", "rp"}},
	} {
		got, bad := overridesOf("https://h/a"+tc.fragment, 15*time.Second)
		if got.retries != tc.want.retries || !slices.Equal(got.on, tc.want.on) || got.connect != tc.want.connect || got.read != tc.want.read || got.total != tc.want.total {
			t.Errorf("%s: %+v, want %+v", tc.fragment, got, tc.want)
		}
		if !slices.Equal(bad, tc.bad) {
			t.Errorf("%s: bad %q, want %q", tc.fragment, bad, tc.bad)
		}
	}
}

// status answers the first n requests to /voice with code.
func status(code, n int) func(http.ResponseWriter, *http.Request) bool {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/voice" || seen.Add(1) > int64(n) {
			return false
		}
		w.WriteHeader(code)
		return true
	}
}

// mute answers the first n requests to /voice after that long, unless whoever
// asked is gone.
func mute(after time.Duration, n int) func(http.ResponseWriter, *http.Request) bool {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/voice" || seen.Add(1) > int64(n) {
			return false
		}
		select {
		case <-time.After(after):
		case <-r.Context().Done():
		}
		return false
	}
}

// A webhook is asked as often as its fragment says, within its times, with one
// token; then the fallback is asked, and told why.
func TestWebhooksThatFail(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name     string
		fragment string
		odd      func(http.ResponseWriter, *http.Request) bool
		fault    Fault
		asked    []time.Duration // of /voice
		fallback time.Duration   // 0: never
		code     string          // ErrorCode
		blamed   []police.Kind
	}{
		{"503 is not repeated by default", "", status(503, 9), Fault{}, []time.Duration{0}, 1, "11200", []police.Kind{police.WebhookStatus}},
		{"503 is repeated when it is to be", "#rc=2&rp=5xx", status(503, 2), Fault{}, []time.Duration{0, 0, 0}, 0, "", nil},
		{"as often and no more", "#rc=2&rp=5xx", status(503, 3), Fault{}, []time.Duration{0, 0, 0}, 1, "11200", []police.Kind{police.WebhookStatus}},
		{"404 is no 5xx", "#rc=2&rp=5xx", status(404, 1), Fault{}, []time.Duration{0}, 1, "11200", []police.Kind{police.WebhookStatus}},
		{"404 is a 4xx", "#rc=1&rp=4xx", status(404, 1), Fault{}, []time.Duration{0, 0}, 0, "", nil},
		{"silence lasts 15 s", "", mute(time.Minute, 9), Fault{}, []time.Duration{0}, 15 * s, "11205", []police.Kind{police.WebhookTimeout}},
		{"14 s are an answer", "", mute(14*s, 9), Fault{}, []time.Duration{0}, 0, "", nil},
		{"silence, shorter", "#rt=2000", mute(time.Minute, 9), Fault{}, []time.Duration{0}, 2 * s, "11205", []police.Kind{police.WebhookTimeout}},
		{"silence, repeated", "#rc=2&rp=rt&rt=2000", mute(time.Minute, 9), Fault{}, []time.Duration{0, 2 * s, 4 * s}, 6 * s, "11205", []police.Kind{police.WebhookTimeout}},
		{"silence once", "#rc=2&rp=rt&rt=2000", mute(time.Minute, 1), Fault{}, []time.Duration{0, 2 * s}, 0, "", nil},
		{"the total ends all attempts", "#rc=5&rp=rt&rt=2000&tt=5000", mute(time.Minute, 9), Fault{}, []time.Duration{0, 2 * s, 4 * s}, 5 * s, "11205", []police.Kind{police.WebhookTimeout}},
		{"bad overrides do nothing", "#rc=9&rt=99999", status(503, 1), Fault{}, []time.Duration{0}, 1, "11200", []police.Kind{police.Overrides, police.WebhookStatus}},

		{"fault: no connection, two attempts of 5 s", "", nil, Fault{What: WebhookUnreached, Path: "/voice"}, nil, 10 * s, "11205", nil},
		{"fault: no connection, refused once", "", nil, Fault{What: WebhookUnreached, Path: "/voice", For: ms, Nth: 1}, []time.Duration{ms}, 0, "", nil},
		{"fault: no connection, as overridden", "#rc=3&ct=1000", nil, Fault{What: WebhookUnreached, Path: "/voice", Times: 3}, []time.Duration{3 * s}, 0, "", nil},
		{"fault: the answer is lost", "", nil, Fault{What: WebhookLost, Path: "/voice"}, []time.Duration{0}, 15 * s, "11205", nil},
		{"fault: the answer is lost, and asked for again", "#rc=1&rp=rt&rt=3000", nil, Fault{What: WebhookLost, Times: 1}, []time.Duration{0, 3 * s}, 0, "", nil},
		{"fault: a proxy says 503", "", nil, Fault{What: WebhookStatus, Path: "/voice"}, nil, 1, "11200", nil},
		{"fault: a proxy says 502 once", "#rc=1&rp=5xx", nil, Fault{What: WebhookStatus, Code: 502, Nth: 1}, []time.Duration{0}, 0, "", nil},
		{"fault: it comes twice", "", nil, Fault{What: WebhookTwice}, []time.Duration{0, 0}, 0, "", nil},
		{"fault: it comes late", "", nil, Fault{What: WebhookLate, For: 3 * s}, []time.Duration{3 * s}, 0, "", nil},
		{"fault: too late", "", nil, Fault{What: WebhookLate, For: 20 * s, Path: "/voice"}, nil, 15 * s, "11205", nil},
		{"fault of another call", "", nil, Fault{What: WebhookStatus, Call: 2}, []time.Duration{0}, 0, "", nil},
		{"fault of another number", "", nil, Fault{What: WebhookStatus, Number: other}, []time.Duration{0}, 0, "", nil},
		{"fault of another status", "", nil, Fault{What: WebhookStatus, Status: "completed"}, []time.Duration{0}, 0, "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, Config{}, func(t *testing.T, o *office) {
				o.odd = tc.odd
				o.carrier.Own(Number{Number: bought, VoiceURL: "http://office/voice" + tc.fragment, FallbackURL: "http://office/fallback"})
				if tc.fault.What != "" {
					o.faults(tc.fault)
				}
				o.calls(handset.Silent)
				visits := o.visits("/voice")
				var at []time.Duration
				for _, v := range visits {
					at = append(at, v.at)
					if v.header.Get("I-Twilio-Idempotency-Token") != visits[0].header.Get("I-Twilio-Idempotency-Token") {
						t.Error("a retry has a token of its own")
					}
				}
				if !slices.Equal(at, tc.asked) {
					t.Errorf("asked at %v, want %v", at, tc.asked)
				}
				if tc.fallback == 0 {
					if n := len(o.visits("/fallback")); n != 0 {
						t.Errorf("the fallback was asked %d times", n)
					}
				} else {
					o.want("/fallback", map[string]string{"ErrorCode": tc.code, "ErrorUrl": "http://office/voice"})
					if got := o.one("/fallback").at; got.Truncate(ms) != tc.fallback.Truncate(ms) {
						t.Errorf("the fallback was asked at %v, want %v", got, tc.fallback)
					}
				}
				var blamed []police.Kind
				for _, v := range o.carrier.Police().Violations() {
					blamed = append(blamed, v.Kind)
				}
				for i, k := range blamed {
					if i > 0 && k == blamed[i-1] {
						blamed = slices.Delete(blamed, i, i+1)
						break
					}
				}
				if !slices.Equal(blamed, tc.blamed) {
					t.Errorf("the gateway is blamed for %v, want %v", blamed, tc.blamed)
				}
				missed := tc.fault.Call != 0 || tc.fault.Number != "" || tc.fault.Status != ""
				if tc.fault.What != "" && (o.carrier.Struck(tc.fault.What) == 0) != missed {
					t.Errorf("the fault struck %d times", o.carrier.Struck(tc.fault.What))
				}
			})
		})
	}
}

// faults schedules them.
func (o *office) faults(faults ...Fault) {
	o.t.Helper()
	if err := o.carrier.Schedule(faults...); err != nil {
		o.t.Fatal(err)
	}
}

// An action that fails in the middle of a call is one for the number's fallback
// too.
func TestAFailedActionFallsBack(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.carrier.Own(Number{Number: bought, VoiceURL: "http://office/voice", FallbackURL: "http://office/fallback"})
		o.pages["/voice"] = `<Gather action="/next#rp=5xx" timeout="1" actionOnEmptyResult="true"/>`
		o.pages["/fallback"] = `<Hangup/>`
		o.odd = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/next" {
				w.WriteHeader(http.StatusBadGateway)
			}
			return r.URL.Path == "/next"
		}
		call := o.calls(handset.Silent)
		o.want("/fallback", map[string]string{"ErrorCode": "11200", "ErrorUrl": "http://office/next", "CallStatus": "in-progress"})
		if n := len(o.visits("/next")); n != 2 || call.Status() != telephony.Completed {
			t.Errorf("%d requests to the action, want 2; the call is %s", n, call.Status())
		}
	})
}

func TestAnAnswerThatDripsIsReadByItsParts(t *testing.T) {
	for _, tc := range []struct {
		every time.Duration
		want  telephony.State
	}{{900 * ms, telephony.Completed}, {1100 * ms, telephony.StateFail}} {
		inOffice(t, Config{}, func(t *testing.T, o *office) {
			o.carrier.Own(Number{Number: bought, VoiceURL: "http://office/voice#rt=1000"})
			o.odd = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Content-Type", "text/xml")
				for _, part := range []string{"<Resp", "onse>", "</Response>"} {
					io.WriteString(w, part)
					w.(http.Flusher).Flush()
					sleep(r.Context(), tc.every)
				}
				return true
			}
			if got := o.calls(handset.Silent).Status(); got != tc.want {
				t.Errorf("parts every %v: the call is %s, want %s", tc.every, got, tc.want)
			}
		})
	}
}

func TestAnAnswerOfSoundIsPlayedAndEndsTheCall(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		tone := handset.Tone(time.Second, 1000)
		o.odd = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", "audio/basic")
			w.Write(ulawOf(tone))
			return true
		}
		call := o.calls(handset.Silent)
		o.clean()
		if d := heardFor(call, 1000); !near(d, time.Second) || call.Duration() > 1200*ms {
			t.Errorf("%v of the sound were heard in a call of %v, want 1 s of it", d, call.Duration())
		}
		o.one("/voice") // and nobody asked for the sound again
	})
}

func TestAPageThatIsStillTheSameIsNotSentAgain(t *testing.T) {
	for _, version := range []string{"ETag", "Last-Modified"} {
		inOffice(t, Config{}, func(t *testing.T, o *office) {
			o.carrier.Own(Number{Number: bought, VoiceURL: "http://office/voice"})
			o.pages["/voice"] = `<Redirect method="GET">/tune</Redirect>`
			const value = `"v1"`
			asks := map[string]string{"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}[version]
			full, same := 0, 0
			o.odd = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/sound" {
					return false
				}
				if r.Header.Get(asks) == value {
					same++
					w.WriteHeader(http.StatusNotModified)
					return true
				}
				full++
				w.Header().Set(version, value)
				w.Header().Set("Content-Type", "audio/basic")
				w.Write(ulawOf(handset.Tone(200*ms, 1000)))
				return true
			}
			o.pages["/tune"] = `<Play>/sound</Play><Play>/sound</Play>`
			call := o.calls(handset.Silent)
			o.clean()
			if full != 1 || same != 1 || !near(heardFor(call, 1000), 400*ms) {
				t.Errorf("%s: sent %d times, the same %d times; %v were heard", version, full, same, heardFor(call, 1000))
			}
		})
	}
}

// A server that takes connections only after a while is one that the carrier
// gives up within the connect time-out.
func TestAConnectionThatDoesNotComeIsTriedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Config{AccountSID: "AC0123456789abcdef0123456789abcdef", AuthToken: "secret", Numbers: []Number{{Number: bought, VoiceURL: "http://office/voice"}}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		dials := &dialled{begin: time.Now()}
		c.web.DialContext = dials.never
		call, err := c.Call(t.Context(), caller, bought, handset.Silent)
		if err != nil {
			t.Fatal(err)
		}
		<-call.Done()
		if took := time.Since(dials.begin); took != 10*time.Second {
			t.Errorf("given up after %v, want two times 5 s", took)
		}
		if !slices.Equal(dials.times(), []time.Duration{0, 5 * time.Second}) {
			t.Errorf("dialled at %v", dials.times())
		}
	})
}

// dialled is a network in which nothing answers.
type dialled struct {
	begin time.Time
	mu    sync.Mutex
	at    []time.Duration
}

func (d *dialled) never(ctx context.Context, _, _ string) (net.Conn, error) {
	d.mu.Lock()
	d.at = append(d.at, time.Since(d.begin))
	d.mu.Unlock()
	<-ctx.Done()
	return nil, ctx.Err()
}

func (d *dialled) times() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.at)
}

// ulawOf encodes frames.
func ulawOf(frames []media.Frame) (b []byte) {
	for i := range frames {
		b = g711.Encode(b, &frames[i])
	}
	return b
}
