package provider_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestTheNameOfAnErrorIsItsCode(t *testing.T) {
	const said = `{"type":"error","success":false,"error_name":"BadJSON","message":"Invalid JSON: say something","status_code":400}`
	if code := provider.ErrorCode([]byte(said)); code != "BadJSON" {
		t.Errorf("ErrorCode = %q, want the error_name", code)
	}
}
