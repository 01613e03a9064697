package metrics

import "github.com/prometheus/client_golang/prometheus"

// rooms is what agents do that are sent to calls, and who listens.
type rooms struct {
	workers  *bounded
	captions *bounded
	missed   *bounded
	unheard  prometheus.Counter
	bridged  *bounded
}

func (f factory) rooms() *rooms {
	return &rooms{
		workers: f.bounded("livekit_worker_events_total", "What happened with LiveKit's agent workers, by what it was.", "what",
			"registered", "accepted", "declined", "silent", "late", "gone"),
		captions: f.bounded("captions_total", "Captions that were written down, by who spoke.", "side", "caller", "agent", "person"),
		missed:   f.bounded("captions_missed_total", "Captions that were lost, by the part that lost them.", "part", "recogniser", "store"),
		unheard:  f.counter("listener_frames_lost_total", "Frames of 20 ms that a listener was too slow for."),
		bridged:  f.bounded("livekit_bridges_total", "Calls that were bridged into a room of a LiveKit server, by what came of it.", "outcome", "joined", "failed"),
	}
}

// Worker counts what happened with an agent worker.
func (s *Set) Worker(what string) { s.rooms.workers.inc(what) }

// Captioned counts a caption.
func (s *Set) Captioned(side string) { s.rooms.captions.inc(side) }

// CaptionMissed counts a caption that was lost.
func (s *Set) CaptionMissed(part string) { s.rooms.missed.inc(part) }

// Unheard counts frames that a listener was too slow for.
func (s *Set) Unheard(frames int64) { s.rooms.unheard.Add(float64(frames)) }

// Bridged counts a call that was to be bridged: "joined" or "failed".
func (s *Set) Bridged(outcome string) { s.rooms.bridged.inc(outcome) }
