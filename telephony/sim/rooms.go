package sim

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// rooms are the conferences of a carrier. The zero rooms is empty.
type rooms struct {
	mu   sync.Mutex
	open []*conference // the oldest first
}

// roomKey names a conference: each account has names of its own.
type roomKey struct {
	owner *account
	name  string
}

// enter brings a call into the conference that n names, which is opened if need
// be. It reports false when it is full.
func (r *rooms) enter(c *Call, l *leg, d document, n element) (*participant, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := roomKey{c.owner, n.text}
	i := slices.IndexFunc(r.open, func(o *conference) bool { return o.key == key })
	if i < 0 {
		i = len(r.open)
		r.open = append(r.open, &conference{key: key, sid: newSID("CF"), over: make(chan struct{}), told: roomCallback(d, n)})
	}
	room := r.open[i]
	if len(room.in) >= min(max(n.count("maxParticipants", maxRoom), 1), maxRoom) {
		return nil, false
	}
	p := newParticipant(room, c, l, n)
	room.in = append(room.in, p)
	room.enter(p)
	return p, true
}

// enter lets p hear and be heard, if the conference has begun or begins with it.
// The caller holds the lock.
func (f *conference) enter(p *participant) {
	p.post("join", "participant-join", p.params(nil))
	switch {
	case !f.began.IsZero():
		p.leg.connect(p.seat)
	case p.starts:
		f.began = time.Now()
		p.post("start", "conference-start", nil)
		for _, o := range f.in {
			o.leg.connect(o.seat)
		}
	}
	if p.beepIn && !f.began.IsZero() {
		f.mixer.play(enterBeep, p.seat)
	}
}

// leave takes p out, if it still is in. The conference is over when p was to end
// it, or was the last.
func (r *rooms) leave(p *participant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := p.room
	why := "participant_updated_via_api"
	if p.call.Status().Terminal() {
		why = "participant_hung_up"
	}
	if !f.drop(p, p, why) {
		return // somebody else ended it
	}
	if p.beepOut && !p.ends {
		f.mixer.play(exitBeep, nil)
	}
	if len(f.in) > 0 && !p.ends {
		return
	}
	why = "last-participant-left"
	if p.ends {
		why = "participant-with-end-conference-on-exit-left"
	}
	for _, o := range slices.Clone(f.in) {
		f.drop(o, p, "conference_ended")
	}
	if !f.began.IsZero() {
		p.post("end", "conference-end", url.Values{"ReasonConferenceEnded": {why}, "CallSidEndingConference": {p.call.sid}, "Reason": {why}})
	}
	r.open = slices.DeleteFunc(r.open, func(o *conference) bool { return o == f })
	close(f.over)
}

// drop takes p out, and has teller report it. It is false if p was out already.
// The caller holds the lock.
func (f *conference) drop(p, teller *participant, why string) bool {
	i := slices.Index(f.in, p)
	if i < 0 {
		return false
	}
	f.in = slices.Delete(f.in, i, i+1)
	p.leg.release(p.seat)
	p.seat.rise()
	teller.post("leave", "participant-leave", p.params(url.Values{
		"ParticipantCallStatus": {string(p.call.Status())}, "ReasonParticipantLeft": {why},
	}))
	return true
}

// roomEvents are what a statusCallbackEvent of a Conference may name. The ones
// that are false never happen here.
var roomEvents = map[string]bool{
	"start": true, "end": true, "join": true, "leave": true,
	"mute": false, "hold": false, "modify": false, "speaker": false, "announcement": false,
}

func roomCallback(d document, n element) callback {
	if n.attr["statusCallback"] == "" {
		return callback{}
	}
	told := callback{url: d.resolve(n.attr["statusCallback"]), method: n.attr["statusCallbackMethod"], events: map[string]bool{}}
	for _, e := range strings.Fields(n.attr["statusCallbackEvent"]) {
		told.events[e] = roomEvents[e]
	}
	return told
}

// post queues a callback of the conference behind those of p's own call, whose
// line of them is open until p has left.
func (p *participant) post(event, name string, extra url.Values) {
	f := p.room
	if !f.told.events[event] {
		return
	}
	f.seq++
	v := url.Values{
		"ConferenceSid": {f.sid}, "FriendlyName": {f.key.name}, "AccountSid": {f.key.owner.SID},
		"SequenceNumber": {strconv.Itoa(f.seq)}, "Timestamp": {p.call.stamp(time.Now())}, "StatusCallbackEvent": {name},
	}
	maps.Copy(v, extra)
	p.call.queue(post{f.told.method, f.told.url, v})
}

// params is what a callback says of p.
func (p *participant) params(extra url.Values) url.Values {
	v := url.Values{
		"CallSid": {p.call.sid}, "Muted": {strconv.FormatBool(p.muted)}, "Hold": {"false"}, "Coaching": {"false"},
		"EndConferenceOnExit": {strconv.FormatBool(p.ends)}, "StartConferenceOnEnter": {strconv.FormatBool(p.starts)},
	}
	if p.label != "" {
		v.Set("ParticipantLabel", p.label)
	}
	maps.Copy(v, extra)
	return v
}

func (r *rooms) list() (out []Conference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.open {
		shown := Conference{SID: f.sid, Name: f.key.name, Began: f.began}
		for _, p := range f.in {
			shown.Participants = append(shown.Participants, Participant{p.call.sid, p.label, p.muted, p.joined})
		}
		out = append(out, shown)
	}
	return out
}
