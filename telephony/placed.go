package telephony

import "time"

// Placed is a call that we placed, or a call's being handed to somebody else.
type Placed struct {
	From, To Number    // To may be a SIP URI
	Transfer bool      // a live call was handed there
	At       time.Time // when it was asked for
	Answered time.Time // zero: never
	Ended    time.Time // zero: it goes on
}
