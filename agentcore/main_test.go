package agentcore

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	poisoned = true
	goleak.VerifyTestMain(m)
}
