package sim

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// maxRoom is how many may be in a conference, and maxRoomName how long its name
// may be, in bytes.
const (
	maxRoom     = 250
	maxRoomName = 128
)

// What is heard when somebody comes and goes, unless beep says no.
var (
	enterBeep = handset.Tone(200*time.Millisecond, 880)
	exitBeep  = handset.Tone(200*time.Millisecond, 587)
)

// confer brings the call into a conference until it is over, or the call is
// taken out of it. Its Dial's action is told no SID and no duration.
func (c *Call) confer(ctx context.Context, d document, v, n element) step {
	if !c.checkConference(v, n) {
		return c.action(ctx, d, v, failedDial())
	}
	c.answer()
	l := c.legNow()
	if l == nil {
		return step{stop: true}
	}
	staying, hang := context.WithTimeout(ctx, v.seconds("timeLimit", 14400))
	defer hang()
	defer c.hangupOnStar(v, hang)()
	p, ok := c.carrier.rooms.enter(c, l, d, n)
	if !ok {
		return c.action(ctx, d, v, failedDial())
	}
	c.note("conference", "in")
	select {
	case <-p.room.over:
	case <-staying.Done():
	}
	c.carrier.rooms.leave(p)
	c.note("conference", "out")
	return c.action(ctx, d, v, url.Values{"DialCallStatus": {"answered"}})
}

// checkConference reports what is wrong with a Conference, and whether it can be
// held at all.
func (c *Call) checkConference(v, n element) bool {
	for name, code := range map[string]int{"muted": 13230, "endConferenceOnExit": 13231, "startConferenceOnEnter": 13232} {
		c.either(n, code, name, "true", "false")
	}
	c.either(n, 0, "beep", "true", "false", "onEnter", "onExit")
	c.bounded(n, 13235, "maxParticipants", 2, maxRoom)
	c.unplayed(n, "record")
	for _, e := range strings.Fields(n.attr["statusCallbackEvent"]) {
		if _, ok := roomEvents[e]; !ok {
			c.offend(police.UnknownCallback, 0, "a statusCallbackEvent of <Conference> is unknown")
		}
	}
	if len(v.in) > 1 {
		c.offend(police.Dial, 0, "<Dial> has other nouns beside <Conference>")
	}
	if n.text == "" || len(n.text) > maxRoomName {
		c.offend(police.Dial, 0, "<Conference> has no name of 1 to 128 characters")
		return false
	}
	return true
}

// conference is a room in which calls talk. Its fields are guarded by those of
// the rooms it is one of.
type conference struct {
	key   roomKey
	sid   string
	mixer mixer
	told  callback // of everybody's events: the first one's word counts
	in    []*participant
	began time.Time     // zero until somebody is in it who may begin it
	over  chan struct{} // closed when it is
	seq   int           // of the last callback
}

// participant is a call in a conference.
type participant struct {
	room   *conference
	call   *Call
	leg    *leg
	seat   *seat
	joined time.Time

	label           string
	muted           bool
	starts, ends    bool
	beepIn, beepOut bool
}

func newParticipant(room *conference, c *Call, l *leg, n element) *participant {
	beep := cmp.Or(n.attr["beep"], "true")
	return &participant{
		room: room, call: c, leg: l, seat: room.mixer.sit(n.flag("muted", false)), joined: time.Now(),
		label: n.attr["participantLabel"], muted: n.flag("muted", false),
		starts: n.flag("startConferenceOnEnter", true), ends: n.flag("endConferenceOnExit", false),
		beepIn: beep == "true" || beep == "onEnter", beepOut: beep == "true" || beep == "onExit",
	}
}

// Conference is a conference as it is now.
type Conference struct {
	SID, Name    string
	Began        time.Time     // zero while all in it still wait for somebody who may begin it
	Participants []Participant // in the order in which they came
}

// Participant is a call in a conference.
type Participant struct {
	Call   string // its CallSid
	Label  string
	Muted  bool
	Joined time.Time
}

// Conferences returns the conferences that are held now, the oldest first.
func (c *Carrier) Conferences() []Conference { return c.rooms.list() }
