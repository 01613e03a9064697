package sim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

func TestRecordKeepsWhatIsSaid(t *testing.T) {
	for _, tc := range []struct {
		name  string
		attrs string
		noise []handset.Noise
		want  map[string]string // nil: nothing is recorded
		long  time.Duration     // of the recording
		at    time.Duration     // of the action
	}{
		{"until nobody speaks", ``, []handset.Noise{{At: 2 * time.Second, For: 3 * time.Second}}, map[string]string{"RecordingDuration": "3", "Digits": ""}, 3 * time.Second, 10100 * ms},
		{"as it is", ` trim="do-not-trim"`, []handset.Noise{{At: 2 * time.Second, For: 3 * time.Second}}, map[string]string{"RecordingDuration": "9"}, 9460 * ms, 10100 * ms},
		{"until a key", ``, []handset.Noise{{At: 2 * time.Second, For: 3 * time.Second}, {At: 6 * time.Second, Digit: '1'}}, map[string]string{"RecordingDuration": "3", "Digits": "1"}, 3 * time.Second, 6100 * ms},
		{"that key alone", ` finishOnKey="#"`, []handset.Noise{{At: 2 * time.Second, For: 3 * time.Second}, {At: 6 * time.Second, Digit: '1'}}, map[string]string{"Digits": ""}, 3 * time.Second, 10100 * ms},
		{"no longer than that", ` maxLength="4" playBeep="false"`, []handset.Noise{{For: 20 * time.Second}}, map[string]string{"RecordingDuration": "4", "Digits": ""}, 4 * time.Second, 4100 * ms},
		{"after so little silence", ` timeout="1"`, []handset.Noise{{At: time.Second, For: time.Second}}, map[string]string{"RecordingDuration": "1"}, time.Second, 3100 * ms},
		{"until the caller hangs up", ``, []handset.Noise{{At: 2 * time.Second, For: 3 * time.Second, Hangup: true}}, map[string]string{"Digits": "hangup", "CallStatus": "completed"}, 3 * time.Second, 5100 * ms},
		{"nothing", ``, nil, nil, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, Config{Base: "http://sim/"}, func(t *testing.T, o *office) {
				o.pages["/voice"] = `<Record action="/kept" recordingStatusCallback="/told"` + tc.attrs + `/><Redirect>/through</Redirect>`
				call := o.calls(handset.Noisy(append(tc.noise, handset.Noise{At: 25 * time.Second, Hangup: true})...))
				o.clean()
				kept := o.carrier.Recordings()
				if tc.want == nil {
					if o.one("/through"); len(kept) != 0 {
						t.Errorf("kept %v", kept)
					}
					return
				}
				o.want("/kept", tc.want)
				o.want("/kept", map[string]string{"RecordingUrl": kept[0].URL, "RecordingSid": kept[0].SID})
				o.want("/told", map[string]string{"RecordingSid": kept[0].SID, "RecordingStatus": "completed", "CallSid": call.sid})
				if got := kept[0].Duration(); !near(got, tc.long) {
					t.Errorf("the recording plays for %v, want %v", got, tc.long)
				}
				if got := o.one("/kept").at; !near(got, tc.at) {
					t.Errorf("the action was asked for at %v, want %v", got, tc.at)
				}
				beep := 500 * ms
				if strings.Contains(tc.attrs, "playBeep") {
					beep = 0
				}
				if got := heardFor(call, 1000); got != beep {
					t.Errorf("it beeped for %v, want %v", got, beep)
				}
			})
		})
	}
}

func TestRecordingIsServedToItsAccountAsWAV(t *testing.T) {
	const stranger = "AC00000000000000000000000000000002"
	cfg := Config{Base: "http://sim", Accounts: []Account{{SID: stranger, AuthToken: "secret"}}}
	inOffice(t, cfg, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Record action="/kept" timeout="1"/>`
		o.calls(beeper(700, 3*time.Second))
		rec := o.carrier.Recordings()[0]
		get := func(path, user, password string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.SetBasicAuth(user, password)
			w := httptest.NewRecorder()
			o.carrier.Handler().ServeHTTP(w, r)
			return w
		}
		account := o.carrier.main.SID
		for _, ext := range []string{"", ".wav"} {
			w := get(rec.URL+ext, account, "secret")
			audio, err := wav.Parse(w.Body.Bytes())
			if w.Code != http.StatusOK || err != nil || w.Header().Get("Content-Type") != "audio/x-wav" {
				t.Fatalf("%q: status %d, %v", ext, w.Code, err)
			}
			frames, err := audio.Frames(0)
			if err != nil || len(frames) != len(rec.Frames) || handset.Level(&frames[10], 700) < handset.ToneLevel/2 {
				t.Errorf("%q: %d frames, %v", ext, len(frames), err)
			}
		}
		for _, refused := range []struct {
			path, user, password string
			want                 int
		}{
			{rec.URL, account, "wrong", http.StatusUnauthorized},
			{strings.Replace(rec.URL, "/RE", "/RF", 1), account, "secret", http.StatusNotFound},
			{strings.Replace(rec.URL, account, stranger, 1), stranger, "secret", http.StatusNotFound},
		} {
			if w := get(refused.path, refused.user, refused.password); w.Code != refused.want {
				t.Errorf("status %d, want %d", w.Code, refused.want)
			}
		}
	})
}
