// Package turn decides who speaks next. It is a pure state machine: no
// goroutines, no clock, no I/O. Feed it what happened, do what it says.
package turn

import "fmt"

// Phase is whose turn it is.
type Phase uint8

const (
	Listening Phase = iota // nobody speaks; the caller has the floor
	Hearing                // the caller speaks, or their words are awaited
	Thinking               // a reply is being made, nothing of it is on the line yet
	Speaking               // the caller is hearing a reply
	Over                   // the call is over; nothing more happens
)

func (p Phase) String() string {
	if int(p) < len(phases) {
		return phases[p]
	}
	return fmt.Sprintf("Phase(%d)", uint8(p))
}

var phases = [...]string{"listening", "hearing", "thinking", "speaking", "over"}

// EventKind says what happened.
type EventKind uint8

const (
	Opened       EventKind = iota + 1 // the line is open: the agent may greet; Unanswered set if the caller waits for an answer that another owed
	Reopened                          // the line is open again after it was lost; Unanswered set if the caller waits for an answer
	SpeechBegan                       // the caller began to speak
	SpeechEnded                       // the caller has finished; words, or Nothing, will follow
	Words                             // what the caller said was understood
	Nothing                           // what the caller uttered held no words
	Key                               // the caller pressed a key, or has keyed in all that they were asked for
	ReplyAudio                        // first audio of reply Reply is on the line
	ReplyHeard                        // reply Reply was played to its end
	ReplyFailed                       // reply Reply broke before its end
	EndAsked                          // reply Reply is the agent's last
	Held                              // reply Reply can't be cut by the caller from now on; see [Machine.Holds]
	Deaf                              // the recogniser failed for good
	Quiet                             // nobody spoke for so long that the agent may ask
	Silent                            // nobody spoke for so long that the call is over
	TimeUp                            // the call has lasted as long as it may
	LeaveAsked                        // the agent hands the call to somebody else once it has said what it says
	Accepted                          // somebody waits for the caller: the agent has to leave soon
	Late                              // they have waited as long as they should
	Keying                            // the caller pressed a key of something longer: a Key, or Words, will follow
	News                              // what became of a transfer: the caller is owed word of it, and nobody waits for them
	Aside                             // a machine is on the line: the agent falls silent, and keeps silent but for what is due
	Back                              // a person is on the line, and no machine any more; Unanswered set if they wait for an answer
	MessageDue                        // a voicemail records: leave the message, and end the call
	ScreeningDue                      // a screener has paused: tell it who is calling
	MenuDue                           // a menu has paused: press keys for it
	Dismissed                         // a machine is on the line that nobody has anything to say to
)

// Event is one thing that happened on the call.
type Event struct {
	Kind  EventKind
	Reply int // which reply; set for the kinds that name one
	// Unanswered is set for Opened, Reopened, News and Back if the caller waits for an answer,
	// and for SpeechBegan and Keying if the live reply has more to say than what is planned of it:
	// cut now, the answer must be thought of again.
	Unanswered bool
}

// ActionKind says what to do.
type ActionKind uint8

const (
	Start   ActionKind = iota + 1 // make and play reply Reply, for reason Why
	Cancel                        // stop making and playing reply Reply
	Release                       // reply Reply is over; let go of it
	End                           // end the call; Cause says why
	Leave                         // let go of the call: somebody else has it
)

// Why a reply is made.
type Why string

const (
	Greeting Why = "greeting" // to open the call
	Answer   Why = "answer"   // to what the caller said
	Resume   Why = "resume"   // the rest of a reply that a noise or a lost line cut
	Prompt   Why = "prompt"   // nobody spoke for a while
	Apology  Why = "apology"  // something broke for good; the call ends after it
	Tidings  Why = "news"     // of what became of a transfer
	Connect  Why = "connect"  // somebody waits for the caller; the agent leaves after it
)

// Cause says why the machine ends a call.
type Cause uint8

const (
	NoCause    Cause = iota
	ByAgent          // the agent asked for it and has said its last
	BySilence        // nobody spoke for too long, twice
	ByTime           // it lasted as long as it may
	ByProvider       // something broke for good
	ByMachine        // a machine was on the line: it was left a message, or hung up on
)

// Action is one thing the conversation must now do.
type Action struct {
	Kind  ActionKind
	Reply int
	Why   Why
	Cause Cause
}

// Machine is the turn-taking state of one call. The zero value is ready for a
// call whose agent lets the caller begin.
type Machine struct {
	Greets  bool // the agent speaks first
	Prompts bool // the first Quiet since anybody spoke makes the agent ask

	phase  Phase
	reply  int  // the newest reply's number
	why    Why  // it was started for
	last   bool // the agent asked for the end, and no words came since: what it says is its goodbye
	held   bool // the caller can't cut the live reply
	kept   bool // they said something meanwhile, for the reply behind it
	voice  bool // the caller is speaking right now
	keying bool // they are keying something in
	owed   int  // utterances that ended and whose words have not come yet
	unsaid bool // words of the caller wait for an answer
	cut    bool // a reply was cut, and no words came since
	asked  bool // the agent has asked, and nobody spoke since
	leave  bool // the agent hands the call over, and no words came since: it leaves after what it says
	waited bool // somebody waits for the caller
	news   bool // of what became of a transfer, for the next reply
	aside  bool // a machine is on the line: the agent starts nothing by itself
	greet  bool // a person came after it, and was not spoken to yet
	broken bool // something broke for good, and no person was there to tell
}

// Phase reports whose turn it is.
func (m *Machine) Phase() Phase { return m.phase }

// Holds reports whether a reply is live that the caller can't cut. Words and
// keys that come meanwhile are for the reply behind it, which starts in the step
// that releases the live one.
func (m *Machine) Holds() bool { return m.live() && m.held }

// Asked reports whether the agent has asked if anybody is there, and nobody
// spoke since.
func (m *Machine) Asked() bool { return m.asked }

// After makes the next reply's number n+1, for a call that goes on after n.
func (m *Machine) After(n int) { m.reply = n }

// Step applies ev and returns what to do, in order, appended to do. Events
// about a reply that was already cancelled change nothing.
func (m *Machine) Step(do []Action, ev Event) []Action {
	if m.phase == Over {
		return do
	}
	switch ev.Kind {
	case Aside, Back, MessageDue, ScreeningDue, MenuDue, Dismissed:
		return m.answerer(do, ev)
	case Opened, Reopened:
		return m.open(do, ev)
	case TimeUp:
		return m.end(m.cancel(do), ByTime)
	case LeaveAsked:
		m.leave = !m.aside // nobody is handed over to a machine
		return m.floor(do)
	case Accepted:
		return m.accepted(do)
	case Late:
		return m.late(do)
	case News:
		m.news, m.waited, m.leave = true, false, false
		m.unsaid = m.unsaid || ev.Unanswered
		return m.floor(do)
	case Quiet:
		if m.phase == Listening && m.Prompts && !m.asked && !m.aside {
			m.asked = true
			return m.start(do, Prompt)
		}
		return do
	case Silent:
		if m.phase == Listening && !m.aside {
			return m.end(do, BySilence)
		}
		return do
	case Deaf:
		return m.apologise(do)
	case ReplyAudio, ReplyHeard, ReplyFailed, EndAsked, Held:
		if m.live() && ev.Reply == m.reply {
			return m.replied(do, ev.Kind)
		}
	default:
		if m.live() && m.why == Apology {
			m.voice = ev.Kind == SpeechBegan || m.voice && ev.Kind != SpeechEnded
			return do // nothing that the caller does keeps it from being said
		}
		return m.heard(do, ev)
	}
	return do
}

// open begins on a line that is open, or open again.
func (m *Machine) open(do []Action, ev Event) []Action {
	switch {
	case m.phase != Listening:
		return do
	case m.aside:
		m.unsaid = m.unsaid || ev.Unanswered
		return do
	case ev.Kind == Reopened:
		m.unsaid = ev.Unanswered
		return m.start(do, Resume)
	case ev.Unanswered:
		m.unsaid = true
		return m.start(do, Answer)
	case m.Greets:
		return m.start(do, Greeting)
	}
	return do
}

func (m *Machine) live() bool { return m.phase == Thinking || m.phase == Speaking }

// heard applies what the caller did.
func (m *Machine) heard(do []Action, ev Event) []Action {
	switch ev.Kind {
	case SpeechBegan, Keying:
		m.voice = m.voice || ev.Kind == SpeechBegan
		m.keying = m.keying || ev.Kind == Keying
		if m.Holds() {
			return do
		}
		why, live := m.why, m.live()
		do = m.cancel(do)
		if live && ev.Unanswered {
			m.again(why)
		}
		m.phase = Hearing
		return do
	case SpeechEnded:
		if m.voice {
			m.voice = false
			m.owed++
		}
		if m.waited {
			return m.floor(do)
		}
		return do
	case Words, Key:
		m.keying = false
		if ev.Kind == Words {
			m.owed = max(0, m.owed-1)
		}
		if m.Holds() {
			m.kept = true
			return do
		}
		do = m.cancel(do)
		m.spoke()
	case Nothing:
		m.owed = max(0, m.owed-1)
	}
	return m.floor(do)
}

// spoke notes that the caller said something that wants an answer.
func (m *Machine) spoke() {
	m.unsaid, m.cut, m.last, m.asked, m.leave = true, false, false, false, false
}

// again notes that a reply for why, which was cut, has to be thought of again.
func (m *Machine) again(why Why) {
	switch why {
	case Answer:
		m.unsaid = true
	case Tidings:
		m.news, m.cut = true, false
	}
}

// floor gives the agent the floor if the caller has left it.
func (m *Machine) floor(do []Action) []Action {
	switch {
	case m.live():
		return do
	case m.aside && !mutant("machine-answered"):
		m.phase = Listening
		if m.voice || m.keying || m.owed > 0 {
			m.phase = Hearing
		}
		return do
	case m.waited && !m.voice:
		return m.connect(do)
	case (m.voice || m.keying || m.owed > 0) && !mutant("both-speak"):
		m.phase = Hearing
		return do
	case m.unsaid:
		return m.start(do, Answer)
	case m.greet:
		return m.start(do, Greeting)
	case m.cut:
		return m.start(do, Resume)
	case m.leave:
		return m.left(do)
	case m.news:
		m.asked = false
		return m.start(do, Tidings)
	}
	m.phase = Listening
	return do
}

// replied applies what became of the live reply.
func (m *Machine) replied(do []Action, kind EventKind) []Action {
	switch kind {
	case EndAsked:
		m.last = true
		return do
	case Held:
		m.held = true
		return do
	case ReplyAudio:
		m.phase = Speaking
		if m.why == Answer {
			m.unsaid = false
		}
		return do
	case ReplyFailed:
		if toMachine(m.why) {
			return m.end(append(do, Action{Kind: Cancel, Reply: m.reply}), ByMachine)
		}
		if m.why == Apology || m.why == Connect {
			return m.end(append(do, Action{Kind: Cancel, Reply: m.reply}), ByProvider)
		}
		return m.apologise(do)
	}
	if m.why == Answer {
		m.unsaid = false
	}
	do = append(do, Action{Kind: Release, Reply: m.reply})
	m.phase = Listening
	switch {
	case m.why == Message:
		return m.end(do, ByMachine)
	case m.why == Connect && m.waited:
		return m.left(do)
	case m.why == Apology && !m.waited:
		return m.end(do, ByProvider)
	case m.last:
		return m.end(do, ByAgent)
	case m.kept:
		m.spoke()
	}
	return m.floor(do)
}

func (m *Machine) apologise(do []Action) []Action {
	if m.aside {
		m.broken = true
		return do
	}
	if m.live() && (m.why == Apology || m.why == Connect) {
		return do
	}
	do = m.cancel(do)
	switch {
	case m.waited && !m.voice:
		return m.connect(do)
	case m.handsOver():
		return m.left(do)
	}
	return m.start(do, Apology)
}

func (m *Machine) start(do []Action, why Why) []Action {
	m.reply++
	m.phase, m.why, m.cut, m.held, m.kept = Thinking, why, false, false, false
	m.greet = m.greet && toMachine(why)
	if why == Answer || why == Tidings {
		m.news = false // it is among what the reply is made of
	}
	return append(do, Action{Kind: Start, Reply: m.reply, Why: why})
}

// cancel takes the floor from a live reply. What of it the caller may have
// missed is remembered.
func (m *Machine) cancel(do []Action) []Action {
	if !m.live() {
		return do
	}
	m.cut = m.phase == Speaking || m.why != Answer
	if m.phase == Thinking {
		m.again(m.why)
	}
	m.phase = Listening
	return append(do, Action{Kind: Cancel, Reply: m.reply})
}

// end ends the call, but not one that somebody else is about to have.
func (m *Machine) end(do []Action, cause Cause) []Action {
	if cause != ByAgent && cause != ByMachine && m.handsOver() {
		return m.left(do)
	}
	m.phase = Over
	return append(do, Action{Kind: End, Cause: cause})
}
