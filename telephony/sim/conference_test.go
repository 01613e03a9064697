package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

const room = `<Dial action="/after"><Conference beep="false">r1</Conference></Dial>`

func TestAllInAConferenceHearAllOthers(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = room
		voices := []float64{500, 900, 1400}
		var calls []*Call
		for i, hz := range voices {
			calls = append(calls, o.dials(beeper(hz, 10*time.Second-time.Duration(i)*2*time.Second)))
			time.Sleep(time.Second)
		}
		o.carrier.Wait(t.Context())
		// They are in it from 0 to 10, 1 to 9 and 2 to 8.
		both := [][]time.Duration{{0, 8, 6}, {8, 0, 6}, {6, 6, 0}}
		for i, c := range calls {
			for j, hz := range voices {
				if got, want := heardFor(c, hz), both[i][j]*time.Second; !near(got, want) {
					t.Errorf("%d heard %d for %v, want %v", i, j, got, want)
				}
			}
		}
		if got := o.told("/after", "DialCallStatus"); !slices.Equal(got, []string{"answered", "answered", "answered"}) {
			t.Errorf("actions were told %v", got)
		}
		if f := o.visits("/after")[0].form; f.Has("DialCallSid") || f.Has("DialCallDuration") {
			t.Errorf("the action was told %v", f)
		}
		o.clean()
	})
}

func TestLoudConferenceIsCutOffRatherThanWrapped(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = room
		quiet := o.dials(handset.Noisy(handset.Noise{At: 5 * time.Second, Hangup: true}))
		for range 6 { // of 8000 each, in step
			o.dials(handset.Noisy(handset.Noise{For: 4 * time.Second}, handset.Noise{At: 4 * time.Second, Hangup: true}))
		}
		o.carrier.Wait(t.Context())
		_, heard := quiet.Recording()
		if got := heard[100]; got[0] != -32768 || got[1] != 32767 {
			t.Errorf("it sounds like %v", got[:4])
		}
	})
}

func TestConferenceWaitsForWhoMayBeginIt(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial><Conference beep="false" startConferenceOnEnter="false" waitUrl="">r1</Conference></Dial>`
		first := o.dials(beeper(500, 10*time.Second))
		second := o.dials(beeper(900, 10*time.Second))
		time.Sleep(3 * time.Second)
		if got := o.carrier.Conferences(); len(got) != 1 || !got[0].Began.IsZero() || len(got[0].Participants) != 2 {
			t.Errorf("conferences %+v", got)
		}
		o.mu.Lock()
		o.pages["/voice"] = room
		o.mu.Unlock()
		third := o.dials(handset.Noisy(handset.Noise{At: 20 * time.Second, Hangup: true}))
		time.Sleep(time.Second)
		if got := o.carrier.Conferences()[0]; got.Began.IsZero() || got.Name != "r1" || got.Participants[2].Call != third.sid || got.Participants[2].Joined.IsZero() {
			t.Errorf("conference %+v", got)
		}
		o.carrier.Wait(t.Context())
		if a, b := heardFor(first, 900), heardFor(second, 500); !near(a, 7*time.Second) || !near(b, 7*time.Second) {
			t.Errorf("they heard each other for %v and %v, want 7s", a, b)
		}
		if len(o.carrier.Conferences()) != 0 {
			t.Error("a conference is held by nobody")
		}
	})
}

func TestConferenceEndsForAllWithWhoEndsIt(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial action="/after"><Conference beep="false">r1</Conference></Dial>`
		o.pages["/after"] = `<Pause length="2"/>`
		stays := o.dials(handset.Silent)
		time.Sleep(time.Second)
		o.mu.Lock()
		o.pages["/voice"] = `<Dial action="/ender"><Conference beep="false" endConferenceOnExit="true">r1</Conference></Dial>`
		o.mu.Unlock()
		o.dials(handset.Noisy(handset.Noise{At: 4 * time.Second, Hangup: true}))
		o.carrier.Wait(t.Context())
		o.want("/after", map[string]string{"DialCallStatus": "answered", "CallStatus": "in-progress"})
		o.want("/ender", map[string]string{"DialCallStatus": "answered", "CallStatus": "completed"})
		if got := stays.Duration(); !near(got, 7*time.Second+100*ms) { // 1 + 4, and the pause
			t.Errorf("who stayed was on the line for %v, want 7s", got)
		}
	})
}

func TestLastOneInAConferenceStays(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = room
		stays := o.dials(handset.Noisy(handset.Noise{At: 9 * time.Second, Hangup: true}))
		o.dials(handset.Noisy(handset.Noise{At: 2 * time.Second, Hangup: true}))
		time.Sleep(5 * time.Second)
		if stays.Status() != telephony.InProgress || len(o.carrier.Conferences()[0].Participants) != 1 {
			t.Errorf("it is %s in %+v", stays.Status(), o.carrier.Conferences())
		}
		stays.redirect(request{twiml: `<Response><Hangup/></Response>`})
		o.carrier.Wait(t.Context())
		if got := stays.Duration(); !near(got, 5*time.Second) {
			t.Errorf("redirected, it lasted %v, want 5s", got)
		}
		if got := len(o.visits("/after")); got != 1 {
			t.Errorf("%d actions, want that of the one who hung up alone", got)
		}
	})
}

func TestMutedOneIsNotHeard(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial><Conference beep="false" muted="true">r1</Conference></Dial>`
		muted := o.dials(beeper(500, 5*time.Second))
		time.Sleep(100 * ms)
		o.mu.Lock()
		o.pages["/voice"] = room
		o.mu.Unlock()
		loud := o.dials(beeper(900, 5*time.Second))
		o.carrier.Wait(t.Context())
		if a, b := heardFor(loud, 500), heardFor(muted, 900); a != 0 || b < 4*time.Second {
			t.Errorf("the muted one was heard for %v and heard the other for %v", a, b)
		}
	})
}

func TestBeepTellsWhoIsInThatSomebodyComesAndGoes(t *testing.T) {
	for beep, want := range map[string][2]time.Duration{"true": {200 * ms, 200 * ms}, "onEnter": {200 * ms, 0}, "onExit": {0, 200 * ms}, "false": {}} {
		inOffice(t, Config{}, func(t *testing.T, o *office) {
			o.pages["/voice"] = `<Dial><Conference beep="` + beep + `">r1</Conference></Dial>`
			stays := o.dials(handset.Noisy(handset.Noise{At: 8 * time.Second, Hangup: true}))
			time.Sleep(2 * time.Second)
			o.dials(handset.Noisy(handset.Noise{At: 2 * time.Second, Hangup: true}))
			o.carrier.Wait(t.Context())
			if in, out := heardFor(stays, 880), heardFor(stays, 587); in != want[0] || out != want[1] {
				t.Errorf("beep %s: heard %v and %v, want %v", beep, in, out, want)
			}
		})
	}
}

func TestFullConferenceTurnsAway(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial action="/after"><Conference maxParticipants="2">r1</Conference></Dial>`
		for range 3 {
			o.dials(handset.Noisy(handset.Noise{At: 3 * time.Second, Hangup: true}))
		}
		o.carrier.Wait(t.Context())
		got := o.told("/after", "DialCallStatus")
		if slices.Sort(got); !slices.Equal(got, []string{"answered", "answered", "failed"}) {
			t.Errorf("actions were told %v", got)
		}
	})
}

func TestConferenceIsLeftByStarAndAtItsLimit(t *testing.T) {
	for _, attrs := range []string{`hangupOnStar="true"`, `timeLimit="3"`} {
		inOffice(t, Config{}, func(t *testing.T, o *office) {
			o.pages["/voice"] = `<Dial action="/after" ` + attrs + `><Conference>r1</Conference></Dial>`
			call := o.calls(handset.Noisy(handset.Noise{At: 3 * time.Second, Digit: '*'}))
			o.want("/after", map[string]string{"DialCallStatus": "answered", "CallStatus": "in-progress"})
			if got := call.Duration(); !near(got, 3100*ms) {
				t.Errorf("%s: the call lasted %v, want 3.1s", attrs, got)
			}
		})
	}
}

func TestConferenceCallbacksTellWhoComesAndGoes(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial><Conference endConferenceOnExit="true" participantLabel="boss" statusCallback="/room" statusCallbackEvent="start end join leave">r1</Conference></Dial>`
		first := o.dials(handset.Noisy(handset.Noise{At: 5 * time.Second, Hangup: true}))
		time.Sleep(time.Second)
		o.mu.Lock()
		o.pages["/voice"] = `<Dial><Conference statusCallback="/ignored">r1</Conference></Dial>`
		o.mu.Unlock()
		second := o.dials(handset.Silent)
		o.carrier.Wait(t.Context())
		type event struct{ name, call, reason string }
		var got []event
		sid := o.visits("/room")[0].form.Get("ConferenceSid")
		all := o.visits("/room")
		slices.SortFunc(all, func(a, b visit) int {
			return int(a.form.Get("SequenceNumber")[0]) - int(b.form.Get("SequenceNumber")[0])
		})
		for _, v := range all {
			f := v.form
			got = append(got, event{f.Get("StatusCallbackEvent"), f.Get("CallSid"), f.Get("ReasonParticipantLeft") + f.Get("ReasonConferenceEnded")})
			if _, err := time.Parse(time.RFC1123Z, f.Get("Timestamp")); err != nil || f.Get("ConferenceSid") != sid || f.Get("FriendlyName") != "r1" || f.Get("AccountSid") == "" {
				t.Errorf("callback %v", f)
			}
		}
		want := []event{
			{"participant-join", first.sid, ""}, {"conference-start", "", ""}, {"participant-join", second.sid, ""},
			{"participant-leave", first.sid, "participant_hung_up"}, {"participant-leave", second.sid, "conference_ended"},
			{"conference-end", "", "participant-with-end-conference-on-exit-left"},
		}
		if !slices.Equal(got, want) {
			t.Errorf("told\n%v, want\n%v", got, want)
		}
		if f := all[0].form; f.Get("ParticipantLabel") != "boss" || f.Get("EndConferenceOnExit") != "true" || f.Get("StartConferenceOnEnter") != "true" || f.Get("Muted") != "false" || f.Get("Hold") != "false" || f.Get("Coaching") != "false" {
			t.Errorf("join %v", f)
		}
		if f := all[5].form; f.Get("CallSidEndingConference") != first.sid {
			t.Errorf("end %v", f)
		}
		if f := all[3].form; f.Get("ParticipantCallStatus") != "completed" {
			t.Errorf("leave %v", f)
		}
		if len(o.visits("/ignored")) != 0 {
			t.Error("the second one's callback was asked")
		}
		o.clean()
	})
}

func TestKeysAreHeardInAConference(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = room
		quiet := o.dials(handset.Noisy(handset.Noise{At: 5 * time.Second, Hangup: true}))
		o.dials(handset.Noisy(handset.Noise{At: time.Second, Digit: '5'}, handset.Noise{At: 4 * time.Second, Hangup: true}))
		o.carrier.Wait(t.Context())
		if got := keysHeard(quiet); got != "5" {
			t.Errorf("heard the keys %q, want 5", got)
		}
	})
}

func TestConferenceIsChecked(t *testing.T) {
	for noun, kind := range map[string]police.Kind{
		`<Conference></Conference>`:                             police.Dial,
		`<Conference muted="maybe">r</Conference>`:              police.Attribute,
		`<Conference maxParticipants="1">r</Conference>`:        police.Attribute,
		`<Conference beep="loud">r</Conference>`:                police.Attribute,
		`<Conference record="x">r</Conference>`:                 police.Unsupported,
		`<Conference colour="x">r</Conference>`:                 police.UnknownVerb,
		`<Conference>r</Conference><Number>+15</Number>`:        police.Dial,
		`<Conference statusCallbackEvent="come">r</Conference>`: police.UnknownCallback,
	} {
		inOffice(t, Config{}, func(t *testing.T, o *office) {
			o.pages["/voice"] = `<Dial>` + noun + `</Dial>`
			o.calls(handset.Noisy(handset.Noise{At: time.Second, Hangup: true}))
			if got := o.carrier.Police().Count(kind); got != 1 {
				t.Errorf("%s: %d times %s, want 1: %v", noun, got, kind, o.carrier.Police().Violations())
			}
		})
	}
}
