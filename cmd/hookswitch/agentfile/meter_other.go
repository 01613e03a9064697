//go:build !unix

package agentfile

import "time"

// processTime isn't known here: there is no load, and no threshold refuses.
func processTime() time.Duration { return 0 }
