package server

import "testing"

// Whatever a workspace calls its rooms, on the operator's LiveKit server none of
// them is another workspace's.
func TestRoomsOfTwoWorkspacesNeverMeet(t *testing.T) {
	owner := map[string]string{}
	for _, workspace := range []string{"default", "ws_b", "ws_b/x", "ws_b%2Fx", "default/ws_b"} {
		for _, name := range []string{"x", "x/x", "ws_b/x", "ws_b%2Fx/x", "default/x", "default/ws_b/x", "/x", "", "/"} {
			remote := remoteName(workspace, name)
			if before, taken := owner[remote]; taken {
				t.Errorf("room %q of %s and %s are one there: %q", name, workspace, before, remote)
			}
			owner[remote] = workspace + "'s " + name
		}
	}
	if got := remoteName("default", "call_1"); got != "call_1" {
		t.Errorf("a call of the default workspace is in %q", got)
	}
}
