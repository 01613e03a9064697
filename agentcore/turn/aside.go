package turn

// Why a machine on the line is spoken to. Nobody cuts these short, and nothing of
// them is said again.
const (
	Message   Why = "message"   // left on a voicemail; the call ends after it
	Screening Why = "screening" // to a screener: who is calling, and why
	Menu      Why = "menu"      // keys, for a menu
)

// due is what a moment is for.
var due = map[EventKind]Why{MessageDue: Message, ScreeningDue: Screening, MenuDue: Menu}

// toMachine reports whether a reply for why is not for people.
func toMachine(why Why) bool { return why == Message || why == Screening || why == Menu }

// Aside reports whether a machine is on the line, for which the agent keeps
// silent but for what it is told to say.
func (m *Machine) Aside() bool { return m.aside }

// answerer applies what is known of who is on the line.
func (m *Machine) answerer(do []Action, ev Event) []Action {
	switch ev.Kind {
	case Aside:
		return m.stepAside(do)
	case Back:
		return m.back(do, ev.Unanswered)
	case Dismissed:
		return m.end(m.cancel(do), ByMachine)
	}
	why := due[ev.Kind]
	if m.live() && (m.why == Message || m.why == why) {
		return do // a message is the last word to any machine
	}
	do = m.start(m.cancel(m.stepAside(do)), why)
	m.held = true
	return do
}

// stepAside leaves the line to a machine. What the agent was saying was not meant
// for it: no goodbye counts, and nobody is connected to it. Its words are kept for
// a person who comes.
func (m *Machine) stepAside(do []Action) []Action {
	if m.aside {
		return do
	}
	m.broken = m.broken || m.live() && m.why == Apology
	do = m.cancel(do)
	m.aside = true
	m.cut, m.last, m.leave, m.waited = false, false, false, false
	return m.floor(do)
}

// back is a person where a machine was. They have heard nothing yet.
func (m *Machine) back(do []Action, unanswered bool) []Action {
	if !m.aside {
		return do
	}
	m.unsaid = m.unsaid || unanswered || m.Holds() && m.kept
	do = m.cancel(do)
	m.aside, m.cut, m.asked = false, false, false
	m.greet = m.Greets
	if m.broken {
		return m.apologise(do)
	}
	return m.floor(do)
}
