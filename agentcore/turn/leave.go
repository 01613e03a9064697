package turn

// handsOver reports whether somebody else is about to have the call.
func (m *Machine) handsOver() bool { return m.leave || m.waited }

// accepted notes that somebody waits for the caller. What the agent is saying it
// may end, and so may the caller; what it only thinks of it need not say.
func (m *Machine) accepted(do []Action) []Action {
	m.waited = true
	if m.phase == Thinking && !m.held && !m.last {
		do = m.cancel(do)
	}
	return m.floor(do)
}

// late makes the agent leave, whoever speaks. A goodbye is left to end the call.
func (m *Machine) late(do []Action) []Action {
	if !m.waited || m.aside || m.live() && (m.why == Connect || m.last) {
		return do
	}
	return m.connect(m.cancel(do))
}

// connect says that the caller is being connected. They can't cut it.
func (m *Machine) connect(do []Action) []Action {
	do = m.start(do, Connect)
	m.held, m.last, m.leave = true, false, false
	return do
}

func (m *Machine) left(do []Action) []Action {
	m.phase = Over
	return append(do, Action{Kind: Leave})
}
