package jobs

import "time"

// Hasty makes c give up a dead process in two seconds, where no virtual time helps:
// a server's clock is a real one.
func Hasty(c Config) Config {
	c.beat, c.dead = 100*time.Millisecond, 2*time.Second
	return c
}
