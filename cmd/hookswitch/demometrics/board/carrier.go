package board

func carrier() Dashboard {
	live := "scalar(sum(" + gauge("calls_live") + "))"
	return Dashboard{
		UID: "hookswitch-carrier", Title: "Carrier health", About: "Does the carrier reach us, and does its sound come as it should?",
		Rows: []Row{
			{"Calls", 8, []Panel{
				{Title: "Set-up time, p95", About: "From the carrier's question, or from our asking it to place a call, to the stream that was let in. Of calls that we place, ringing is in it.", Kind: Lines, Unit: "s", Help: "hookswitchcallslost", Asks: one(quantile("0.95", "call_setup_seconds", "direction"), "{{direction}}")},
				{Title: "Streams that broke, a minute", About: "By who ended them, and how. stop is the caller hanging up, as seen on the stream; all others are the network's, the carrier's, or our own slowness.", Kind: Stack, Unit: "cpm", Help: "hookswitchresumesgivenup", Asks: one(perMinute("streams_lost_total", "reason"), "{{reason}}")},
				{Title: "Nobody there for the caller", About: "How long, where a call was taken up again.", Kind: Lines, Unit: "s", Limits: over(3, 10), Help: "hookswitchresumesgivenup", Asks: quantiles("resume_gap_seconds")},
			}},
			{"Sound", 8, []Panel{
				{Title: "Frames a second and call", About: "50 come of each call that is answered, from its answer on. Fewer: the carrier's sound has holes, or calls ring.", Kind: Lines, Unit: "short", Help: "hookswitchcarriergaps", Asks: []Ask{
					{"sum(" + rate("frames_received_total") + ") / " + live, "from the carrier"}, {"sum(" + rate("frames_sent_total") + ") / " + live, "to the carrier"},
				}},
				{Title: "Holes in the carrier's sound, a minute", About: "Times that nothing came for longer than a frame, and frames that came at once behind one.", Kind: Lines, Unit: "cpm", Help: "hookswitchcarriergaps", Asks: []Ask{
					{perMinute("carrier_gap_seconds_count", ""), "holes"}, {perMinute("carrier_burst_frames_total", ""), "frames at once"},
				}},
				{Title: "How long the holes are", About: "Up to 200 ms is the internet. Longer: the path to the carrier, or this machine.", Kind: Lines, Unit: "s", Limits: over(.2, 1), Help: "hookswitchcarriergaps", Asks: quantiles("carrier_gap_seconds")},
			}},
			{"Protocol", 8, []Panel{
				{Title: "Wire violations, a minute", About: "Messages of streams that made no sense, by what was wrong. Nothing is right; anything else is a change at the carrier, or somebody who guesses.", Kind: Stack, Unit: "cpm", Help: "hookswitchwireviolations", Asks: one(perMinute("twilio_messages_ignored_total", "reason"), "{{reason}}")},
				{Title: "Turned away, a minute", About: "Requests and websockets without a good signature or token. Many bad signatures: the auth token or the public URL is wrong.", Kind: Stack, Unit: "cpm", Help: "hookswitchcarrierturnedaway", Asks: []Ask{
					{perMinute("twilio_requests_refused_total", "reason"), "request: {{reason}}"}, {perMinute("websocket_refusals_total", "reason"), "websocket: {{reason}}"},
					{perMinute("tokens_refused_total", "reason"), "token: {{reason}}"},
				}},
				{Title: "Asked again, a minute", About: "Requests that came again and were answered from memory: our answers don't reach the carrier in time.", Kind: Lines, Unit: "cpm", Help: "hookswitchcarrierturnedaway", Asks: one(perMinute("twilio_requests_repeated_total", ""), "repeated")},
			}},
		},
	}
}
