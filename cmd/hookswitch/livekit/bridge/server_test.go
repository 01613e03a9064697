package bridge_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/bridgetest"
)

// server is where rooms are.
type server interface {
	URL() string
	Token(identity, room string) string
	deleteRoom(t *testing.T, room string)
	remove(t *testing.T, room, identity string)
	Kill()
}

// servers runs f with the fake server, and with the real one where there is one.
func servers(t *testing.T, f func(t *testing.T, s server)) {
	t.Run("fake", func(t *testing.T) { f(t, newFake(t)) })
	t.Run("real", func(t *testing.T) { f(t, startReal(t, "")) })
}

type fake struct{ *bridgetest.Fake }

func newFake(t *testing.T) fake { return fake{bridgetest.NewFake(t)} }

func (f fake) deleteRoom(_ *testing.T, room string)       { f.DeleteRoom(room) }
func (f fake) remove(_ *testing.T, room, identity string) { f.Remove(room, identity) }

type process struct{ *bridgetest.Process }

func startReal(t *testing.T, more string) process { return process{bridgetest.Start(t, more)} }

func (p process) deleteRoom(t *testing.T, room string)       { p.DeleteRoom(t, room) }
func (p process) remove(t *testing.T, room, identity string) { p.Remove(t, room, identity) }
