// Package simulation runs the whole gateway in one bubble of virtual time: real
// conversations, the real desk and a real database, between a carrier made of
// memory, scripted callers and small providers that work. Only tests use it.
//
// Every effect of a call goes through a port ([world.through]) that numbers it,
// delays it by a hash of the seed, and fails or cuts it as the seed planned.
// Delays are odd nanoseconds, so that no two effects wake at the same time: one
// seed gives one run, to the byte, whatever the scheduler does. docs/testing.md
// says how to replay one.
package simulation
