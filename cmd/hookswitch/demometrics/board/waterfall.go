package board

// stages are the parts of a gap, in their order.
var stages = []struct{ metric, name string }{
	{"end_of_turn_delay_seconds", "1 endpoint"},
	{"transcription_delay_seconds", "2 recognise"},
	{"tool_delay_seconds", "3 tool"},
	{"llm_node_ttft_seconds", "4 model"},
	{"tts_node_ttfb_seconds", "5 voice"},
	{"line_delay_seconds", "6 line"},
}

func waterfall() Dashboard {
	var means, tails []Ask
	for _, s := range stages {
		means = append(means, Ask{"sum(" + rate(s.metric+"_sum") + ") / scalar(sum(" + rate("e2e_latency_seconds_count") + "))", s.name})
		tails = append(tails, Ask{quantile("0.95", s.metric, ""), s.name})
	}
	minute := func(metric, legend string) Ask { return Ask{perMinute(metric, ""), legend} }
	return Dashboard{
		UID: "hookswitch-waterfall", Title: "Latency waterfall", About: "An answer takes too long: which part of it does?",
		Rows: []Row{
			{"A turn, from the caller's last word to the first sample that was played", 10, []Panel{
				{Title: "Mean gap, by part", About: "The parts sum to the gap, for every turn and so for the mean. The widest one is where to look.", Kind: Stack, Unit: "s", Width: 14, Help: "hookswitchslowturns", Asks: means},
				{Title: "Gap", About: "People begin to ask \"hello?\" at 1.2 s, and hang up from 2 s on.", Kind: Lines, Unit: "s", Limits: over(1.2, 2), Help: "hookswitchslowturns", Asks: quantiles("e2e_latency_seconds")},
			}},
			{"Its parts", 8, []Panel{
				{Title: "Each part, p95", About: "Tails don't sum. A part whose p95 is far from its mean is slow for some callers only.", Kind: Lines, Unit: "s", Help: "hookswitchslowturns", Asks: tails},
				{Title: "Waits before the work begins, p95", About: "For a free recogniser, and for a free voice. Anything but 0 says that this machine is too small, or that there are too few workers.", Kind: Lines, Unit: "s", Help: "hookswitchrecogniserqueue", Asks: []Ask{
					{quantile("0.95", "recogniser_queue_wait_seconds", ""), "recogniser"}, {quantile("0.95", "voice_queue_wait_seconds", ""), "voice"},
				}},
				{Title: "Tools, p95", About: "An agent's own tools are counted as own.", Kind: Lines, Unit: "s", Asks: one(quantile("0.95", "tool_duration_seconds", "tool, outcome"), "{{tool}}, {{outcome}}")},
			}},
			{"Who speaks over whom", 8, []Panel{
				{Title: "Talked over, until we are silent", About: "From the caller's first sample over the agent until the line was told to be silent. Under 300 ms feels like a person.", Kind: Lines, Unit: "s", Limits: over(.3, .6), Asks: quantiles("talk_over_delay_seconds")},
				{Title: "Interruptions, a minute", About: "Replies that callers cut; those that a noise cut and that went on; replies that began while the caller spoke.", Kind: Lines, Unit: "cpm", Asks: []Ask{
					minute("interruptions_total", "cut by the caller"), minute("false_interruptions_resumed_total", "noise, went on"), minute("cut_ins_total", "we cut in"),
				}},
				{Title: "Sound ahead of the clock", About: "How much the carrier has of us that is not played yet: the setting line.lead. More of it makes the line part longer, less makes holes.", Kind: Lines, Unit: "s", Asks: quantiles("playback_lead_seconds")},
			}},
		},
	}
}
