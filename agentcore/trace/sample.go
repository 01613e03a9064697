package trace

import (
	"encoding/binary"
	"math"
)

// Share is the part of the calls that is traced, from 0 to 1. Every process
// decides alike, because the trace's id decides.
type Share float64

// Takes reports whether the call of trace id is traced.
func (s Share) Takes(id ID) bool {
	switch {
	case s <= 0:
		return false
	case s >= 1:
		return true
	}
	return binary.BigEndian.Uint64(id[8:])>>1 < uint64(float64(s)*math.MaxInt64) // the trace's random part, as OpenTelemetry's ratio sampler takes it
}

// Header is the traceparent that tells others of span s of trace id (W3C Trace
// Context, version 00), or "" when nobody traces.
func (s Share) Header(id ID, span Span) string {
	switch {
	case s <= 0:
		return ""
	case s.Takes(id):
		return "00-" + id.String() + "-" + span.String() + "-01"
	}
	return "00-" + id.String() + "-" + span.String() + "-00"
}
