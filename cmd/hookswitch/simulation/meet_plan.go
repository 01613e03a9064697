package simulation

// meetings are the hazards of the calls of a telephone to which agents are sent.
var meetings = []hazard{
	{"rooms.open", 4, accidents},
	{"rooms.find", 3, accidents},
	{"rooms.bind", 1, accidents},
	{"rooms.ofcall", 3, accidents},
	{"rooms.add", 4, accidents},
	{"rooms.delete", 3, accidents},
	{"rooms.dispatches", 12, accidents},
	{"rooms.dispatches", 12, accidents},
	{"rooms.addjob", 2, accidents},
	{"rooms.movejob", 8, accidents},
	{"rooms.movejob", 8, accidents},
	{"rooms.journal", 3, accidents},
	{"journal.append", 8, accidents},
	{"store.end", 1, accidents},
	{"store.find", 6, accidents},
	{"store.admit", 2, accidents},
	{"hook.next", 2, []Kind{Twice, Fail, Lost}},
	{"hook.status", 3, []Kind{Late, Twice, Never}},
}

// shared are those of what is no call's in particular.
var shared = []hazard{
	{"rooms.changed", 200, accidents},
	{"rooms.changed", 200, accidents},
	{"rooms.resolve", 20, []Kind{Fail, Slow}},
	{"store.unended", 20, accidents},
}

// PlannedRooms is [Planned] for [RunRooms].
func PlannedRooms(seed uint64) []Fault {
	var all []Fault
	for call := range sleeps {
		dice, of, times := dice(seed, call, "plan of the rooms"), meetings, 1
		if call == 0 {
			of, times = shared, 2
		} else if dice.IntN(3) == 0 {
			continue
		}
		for range times + dice.IntN(2) {
			h := of[dice.IntN(len(of))]
			all = append(all, Fault{call, h.op, 1 + dice.IntN(h.most), h.kinds[dice.IntN(len(h.kinds))]})
		}
	}
	return all
}
