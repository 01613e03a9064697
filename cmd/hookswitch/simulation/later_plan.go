package simulation

// accidents are the kinds of what may befall a process at one of its operations.
var accidents = []Kind{Fail, Lost, Slow, Dies, Died, Freeze}

// laters are the hazards of the calls of a telephone that are to be placed later.
var laters = []hazard{
	{"agenda.create", 1, accidents},
	{"agenda.wake", 1, accidents},
	{"agenda.move", 5, accidents},
	{"agenda.move", 2, accidents},
	{"agenda.find", 2, accidents},
	{"agenda.ofcall", 3, accidents},
	{"agenda.endseries", 1, accidents},
	{"agenda.list", 1, accidents},
	{"store.permit", 2, accidents},
	{"store.create", 2, accidents},
	{"store.dialled", 2, accidents},
	{"store.dialled", 2, []Kind{Freeze, Dies, Died}},
	{"carrier.dial", 2, accidents},
	{"carrier.dial", 2, []Kind{Lost, Died}},
	{"carrier.find", 1, []Kind{Fail, Slow, Dies}},
	{"carrier.state", 1, []Kind{Fail, Slow, Dies}},
	{"store.carrier", 2, accidents},
	{"store.progress", 4, accidents},
	{"store.end", 2, accidents},
	{"store.find", 8, accidents},
	{"store.fail", 1, accidents},
	{"store.admit", 1, accidents},
	{"journal.append", 3, accidents},
	{"hook.status", 4, []Kind{Late, Twice, Never}},
	{"hook.ring", 1, []Kind{Twice, Fail, Lost}},
	{"hook.next", 1, []Kind{Twice, Fail, Lost}},
}

// common are those of what is no telephone's in particular.
var common = []hazard{
	{"agenda.claim", 40, accidents},
	{"agenda.claim", 12, []Kind{Lost, Died, Freeze}},
	{"agenda.claimed", 8, accidents},
	{"agenda.batch", 6, accidents},
	{"agenda.wakebatch", 2, accidents},
	{"agenda.cancelbatch", 1, accidents},
	{"store.unended", 20, accidents},
	{"store.alive", 3, accidents},
	{"store.retry", 3, accidents},
}

// PlannedLater is [Planned] for [RunLater]: nothing on a third of the telephones,
// one or two things on the others, and four on what they share.
func PlannedLater(seed uint64) []Fault {
	var all []Fault
	roll := func(call, times int, of []hazard) {
		dice := dice(seed, call, "plan of what is later")
		if call > 0 && dice.IntN(3) == 0 {
			return
		}
		for range times + dice.IntN(2) {
			h := of[dice.IntN(len(of))]
			all = append(all, Fault{call, h.op, 1 + dice.IntN(h.most), h.kinds[dice.IntN(len(h.kinds))]})
		}
	}
	roll(0, 4, common)
	for call := 1; call <= Phones; call++ {
		roll(call, 1, laters)
	}
	return all
}
