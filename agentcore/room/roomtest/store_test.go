package roomtest_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/room/roomtest"
)

func TestMemory(t *testing.T) {
	roomtest.Run(t, func(*testing.T) roomtest.Backend { return roomtest.Memory() })
}
