//go:build !unix

package agentfile

import "time"

// ProcessTime isn't known here: there is no load, and no threshold refuses.
func ProcessTime() time.Duration { return 0 }
