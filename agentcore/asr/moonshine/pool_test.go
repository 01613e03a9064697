package moonshine

import "testing"

func TestAPoolKnowsHowManyWork(t *testing.T) {
	p := newPool([]engine{slow{}, slow{}}, 1)
	is := func(when string, want int) {
		t.Helper()
		if all, busy := p.use(); all != 2 || busy != want {
			t.Errorf("use(%s) = %d, %d, want 2, %d", when, all, busy, want)
		}
	}
	is("nobody asked", 0)
	first, second, third := p.ask(true), p.ask(false), p.ask(true)
	is("three asked", 2)
	p.back(<-first.ready)
	is("one is done, and another goes on with its engine", 2)
	p.withdraw(third)
	is("that one gives up", 1)
	p.back(<-second.ready)
	is("all are done", 0)
}
