package sim

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// conferenceResource is a conference as the REST API shows it: every key of the
// official example.
type conferenceResource struct {
	AccountSID   string            `json:"account_sid"`
	APIVersion   string            `json:"api_version"`
	EndedBy      *string           `json:"call_sid_ending_conference"`
	DateCreated  string            `json:"date_created"`
	DateUpdated  string            `json:"date_updated"`
	FriendlyName string            `json:"friendly_name"`
	Reason       *string           `json:"reason_conference_ended"`
	Region       string            `json:"region"`
	SID          string            `json:"sid"`
	Status       string            `json:"status"`
	Subresources map[string]string `json:"subresource_uris"`
	URI          string            `json:"uri"`
}

// participantResource is a call in a conference as the REST API shows it: every
// key of the official example.
type participantResource struct {
	AccountSID    string  `json:"account_sid"`
	CallSID       string  `json:"call_sid"`
	Coached       *string `json:"call_sid_to_coach"`
	Coaching      bool    `json:"coaching"`
	ConferenceSID string  `json:"conference_sid"`
	DateCreated   string  `json:"date_created"`
	DateUpdated   string  `json:"date_updated"`
	Ends          bool    `json:"end_conference_on_exit"`
	Hold          bool    `json:"hold"`
	Label         *string `json:"label"`
	Muted         bool    `json:"muted"`
	QueueTime     *string `json:"queue_time"`
	Starts        bool    `json:"start_conference_on_enter"`
	Status        string  `json:"status"`
	URI           string  `json:"uri"`
}

var conferenceSID = regexp.MustCompile(`^CF[0-9a-f]{32}$`)

func (f Conference) uri(a *account) string {
	return "/" + apiVersion + "/Accounts/" + a.SID + "/Conferences/" + f.SID
}

// resource is f as a's API shows it. It is held now.
func (f Conference) resource(a *account) conferenceResource {
	since, status := f.Participants[0].Joined, "init"
	if !f.Began.IsZero() {
		status = "in-progress"
	}
	return conferenceResource{
		AccountSID: a.SID, APIVersion: apiVersion, DateCreated: stamp(since), DateUpdated: stamp(since),
		FriendlyName: f.Name, Region: "us1", SID: f.SID, Status: status, URI: f.uri(a) + ".json",
		Subresources: map[string]string{"participants": f.uri(a) + "/Participants.json", "recordings": f.uri(a) + "/Recordings.json"},
	}
}

// held are a's conferences that somebody is in, the newest first.
func (c *Carrier) held(a *account) (out []Conference) {
	for _, f := range c.Conferences() {
		if len(f.Participants) == 0 {
			continue
		}
		if call, ok := c.Lookup(f.Participants[0].Call); ok && call.owner == a {
			out = append(out, f)
		}
	}
	slices.Reverse(out)
	return out
}

// listConferences lists an account's conferences that are held now. One that is
// over is forgotten, unlike the real carrier's.
func (c *Carrier) listConferences(a *account, r *http.Request) (int, any, *restError) {
	q := r.URL.Query()
	found := slices.DeleteFunc(c.held(a), func(f Conference) bool {
		return q.Get("FriendlyName") != "" && q.Get("FriendlyName") != f.Name || q.Get("Status") != "" && q.Get("Status") != f.resource(a).Status
	})
	return pageOf(r, "conferences", found, func(f Conference) (any, string) { return f.resource(a), f.SID })
}

// withConference finds the conference that a request is about, by its SID or
// its name.
func (c *Carrier) withConference(serve func(*account, Conference, *http.Request) (int, any, *restError)) handler {
	return func(a *account, r *http.Request) (int, any, *restError) {
		name := strings.TrimSuffix(r.PathValue("conference"), ".json")
		for _, f := range c.held(a) {
			if f.SID == name || f.Name == name {
				return serve(a, f, r)
			}
		}
		return 0, nil, notFound(r)
	}
}

func fetchConference(a *account, f Conference, _ *http.Request) (int, any, *restError) {
	return http.StatusOK, f.resource(a), nil
}

// participant is p as the API shows it.
func (f Conference) participant(a *account, p Participant) participantResource {
	return participantResource{
		AccountSID: a.SID, CallSID: p.Call, ConferenceSID: f.SID, DateCreated: stamp(p.Joined), DateUpdated: stamp(p.Joined),
		Label: optional(p.Label), Muted: p.Muted, Starts: true, Status: "connected", URI: f.uri(a) + "/Participants/" + p.Call + ".json",
	}
}

func listParticipants(a *account, f Conference, r *http.Request) (int, any, *restError) {
	q := r.URL.Query()
	found := slices.DeleteFunc(slices.Clone(f.Participants), func(p Participant) bool {
		return q.Get("Muted") != "" && q.Get("Muted") != strconv.FormatBool(p.Muted) || q.Get("Hold") == "true" || q.Get("Coaching") == "true"
	})
	return pageOf(r, "participants", found, func(p Participant) (any, string) { return f.participant(a, p), p.Call })
}

// fetchParticipant shows one, by its CallSid or its label.
func fetchParticipant(a *account, f Conference, r *http.Request) (int, any, *restError) {
	who := strings.TrimSuffix(r.PathValue("call"), ".json")
	for _, p := range f.Participants {
		if p.Call == who || p.Label != "" && p.Label == who {
			return http.StatusOK, f.participant(a, p), nil
		}
	}
	return 0, nil, notFound(r)
}

// createParticipant calls somebody into a conference: a call by REST, in the
// queue like any other, whose document brings it there.
func (c *Carrier) createParticipant(a *account, r *http.Request) (int, any, *restError) {
	name := r.PathValue("conference")
	f := Conference{SID: name, Name: name}
	for _, held := range c.held(a) {
		if held.SID == name || held.Name == name {
			f = held
		}
	}
	switch {
	case len(name) > maxRoomName || len(r.PostForm.Get("Label")) > maxRoomName:
		return 0, nil, failure(http.StatusBadRequest, 20001, "The conference's name or the label is too long")
	case f.SID != f.Name:
	case conferenceSID.MatchString(name):
		return 0, nil, notFound(r)
	}
	if r.PostForm.Get("Coaching") == "true" {
		c.report(police.Violation{Kind: police.Unsupported, Detail: "Coaching is accepted and not played"})
	}
	spec, fail := c.specOf(a, joining(r, f.Name))
	if fail != nil {
		return 0, nil, fail
	}
	told, fail := c.roomCallbackOf(r)
	if fail != nil {
		return 0, nil, fail
	}
	call, fail := c.place(a, spec)
	if fail != nil {
		return 0, nil, fail
	}
	if f.SID == f.Name {
		f.SID = c.rooms.promise(call, f.Name, told)
	}
	p := f.participant(a, Participant{Call: call.sid, Label: r.PostForm.Get("Label"), Muted: r.PostForm.Get("Muted") == "true", Joined: call.created})
	p.Status, p.QueueTime = "queued", optional(call.resource().QueueTime)
	p.Ends, p.Starts = r.PostForm.Get("EndConferenceOnExit") == "true", r.PostForm.Get("StartConferenceOnEnter") != "false"
	return http.StatusCreated, p, nil
}

// promise opens a conference, unless it is open, that call will enter; its SID
// is known before anybody is in it. It is closed if call ends and nobody came.
func (r *rooms) promise(call *Call, name string, told callback) (sid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := roomKey{call.owner, name}
	i := slices.IndexFunc(r.open, func(o *conference) bool { return o.key == key })
	if i < 0 {
		i = len(r.open)
		r.open = append(r.open, &conference{key: key, sid: newSID("CF"), over: make(chan struct{}), told: told})
	}
	room := r.open[i]
	context.AfterFunc(call.ctx, func() { r.abandon(room) })
	return room.sid
}

// abandon closes a conference that nobody is in.
func (r *rooms) abandon(room *conference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(room.in) > 0 || !room.began.IsZero() {
		return
	}
	r.open = slices.DeleteFunc(r.open, func(o *conference) bool { return o == room })
}

// roomCallbackOf reads who shall be told of the conference itself.
func (c *Carrier) roomCallbackOf(r *http.Request) (callback, *restError) {
	at := r.PostForm.Get("ConferenceStatusCallback")
	if at == "" {
		return callback{}, nil
	}
	method, fail := methodOf(r.PostForm.Get("ConferenceStatusCallbackMethod"))
	if fail != nil || !isWebAddress(at) {
		return callback{}, failure(http.StatusBadRequest, 20001, "ConferenceStatusCallback is not valid")
	}
	told := callback{url: at, method: method, events: map[string]bool{}}
	for _, e := range r.PostForm["ConferenceStatusCallbackEvent"] {
		for _, name := range strings.Fields(e) { // here a list in one field is taken
			told.events[name] = true
		}
	}
	return told, nil
}

// participantAttributes are the parameters of a participant that its document's
// Conference has as attributes.
var participantAttributes = [][2]string{
	{"Label", "participantLabel"}, {"Muted", "muted"}, {"Beep", "beep"}, {"MaxParticipants", "maxParticipants"},
	{"StartConferenceOnEnter", "startConferenceOnEnter"}, {"EndConferenceOnExit", "endConferenceOnExit"}, {"WaitUrl", "waitUrl"},
	{"ConferenceStatusCallback", "statusCallback"}, {"ConferenceStatusCallbackMethod", "statusCallbackMethod"},
}

// joining is r as the request for a call into the conference of that name.
func joining(r *http.Request, name string) *http.Request {
	f := url.Values{}
	for _, key := range []string{"From", "To", "Timeout", "TimeLimit", "StatusCallback", "StatusCallbackMethod", "StatusCallbackEvent", "MachineDetection",
		"MachineDetectionTimeout", "MachineDetectionSpeechThreshold", "MachineDetectionSpeechEndThreshold", "MachineDetectionSilenceTimeout"} {
		if values, ok := r.PostForm[key]; ok {
			f[key] = values
		}
	}
	if at := r.PostForm.Get("AmdStatusCallback"); at != "" {
		f.Set("AsyncAmd", "true") // a participant is in the room at once
		f.Set("AsyncAmdStatusCallback", at)
		f.Set("AsyncAmdStatusCallbackMethod", r.PostForm.Get("AmdStatusCallbackMethod"))
	}
	var doc strings.Builder
	doc.WriteString(`<Response><Dial><Conference`)
	for _, pair := range participantAttributes {
		attribute(&doc, pair[1], r.PostForm.Get(pair[0]))
	}
	attribute(&doc, "statusCallbackEvent", strings.Join(r.PostForm["ConferenceStatusCallbackEvent"], " "))
	doc.WriteString(`>`)
	_ = xml.EscapeText(&doc, []byte(name)) // a Builder takes everything
	doc.WriteString(`</Conference></Dial></Response>`)
	f.Set("Twiml", doc.String())
	return &http.Request{Method: http.MethodPost, URL: r.URL, PostForm: f}
}

// attribute writes an attribute that has a value.
func attribute(doc *strings.Builder, name, value string) {
	if value == "" {
		return
	}
	doc.WriteString(" " + name + `="`)
	_ = xml.EscapeText(doc, []byte(value))
	doc.WriteString(`"`)
}
