// Package dispatch is the desk: the one place that knows every live call of
// this node, decides what each does next, and sees to it that each ends exactly
// once.
//
// A trunk asks it through [telephony.Desk]. It keeps its records through
// [Calls], asks the carrier through [telephony.Carrier], and hands each stream
// to the conversation that it was given. A call that comes in asks a [Route] who
// answers it; one that is wished for is a [Dispatch]: written down, then asked
// for, and never twice under one key. What a call is, is in its row; what the
// desk holds in memory is who is waiting for what:
//
//	dialling -> pending -> admitted -> talking -> lost -> pending ...
//	                 any of them -> over -> (row ended, nobody talks) gone
//
// One goroutine per live call, its watcher, waits for the next thing that is
// due and is the last to leave. No lock is held while anyone waits.
//
// Several nodes may share the records. Whoever has the pen is in the row, and
// every end names the epoch that was read: who was taken over ends nothing. A
// node that beats is left alone; what a dead one leaves is taken up by
// [Desk.Recover].
package dispatch
