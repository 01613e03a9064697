//go:build mutant

package room

import "os"

var planted = os.Getenv("HOOKSWITCH_MUTANT")

// mutant reports whether the bug of that name is planted: the simulation must
// find it.
func mutant(name string) bool { return name == planted }
