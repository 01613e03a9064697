package dialplan

import (
	"maps"
	"slices"
)

// Codes are all that there are.
func Codes() []Code { return slices.Sorted(maps.Keys(whys)) }
