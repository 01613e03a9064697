package dialplan

import (
	"sync"
	"time"
	_ "time/tzdata" // what time it is elsewhere must not depend on the machine

	"github.com/nyaruka/phonenumbers"
)

// mostZones is how many zones a number may point to. One that points to more,
// such as a free number of North America, points to nowhere.
const mostZones = 12

// Zones are the time zones in which whoever has number may be, as IANA names:
// those of its area, not of where a mobile phone is carried. None: nobody knows.
func Zones(number string) []string {
	if !e164.MatchString(number) {
		return nil
	}
	names, err := phonenumbers.GetTimezonesForPrefix(number)
	if err != nil || len(names) > mostZones {
		return nil
	}
	var all []string
	for _, name := range names {
		if name != phonenumbers.UNKNOWN_TIMEZONE && zone(name) != nil {
			all = append(all, name)
		}
	}
	return all
}

// zonesOf is [Zones], ready to be used.
func zonesOf(number string) []*time.Location {
	var all []*time.Location
	for _, name := range Zones(number) {
		all = append(all, zone(name))
	}
	return all
}

// zone is the zone of that name; nil: there is none. The machine's own is none,
// whatever it is called.
func zone(name string) *time.Location {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil
	}
	if z, ok := loaded.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	loaded.Store(name, z)
	return z
}

// loaded are the zones that were used, by name: to read one takes a file. There
// are some hundreds.
var loaded sync.Map
