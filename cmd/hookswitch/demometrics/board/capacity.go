package board

func capacity() Dashboard {
	const node = "instance"
	return Dashboard{
		UID: "hookswitch-capacity", Title: "Capacity", About: "How full are the nodes, what stops them from taking more, and does anything grow that should not?",
		Rows: []Row{
			{"Room", 8, []Panel{
				{Title: "Takes new calls", About: "1: this node lets new calls in. 0: it turns them down, so that those that go on stay good.", Kind: Lines, Unit: "short", Help: "hookswitchrefusingcalls", Asks: one("min by ("+node+") ("+gauge("admission_open")+")", "{{instance}}")},
				{Title: "How near the limits", About: "Of each signal: reading over limit. At 1 new calls are turned down, and at 1.1 those that come back.", Kind: Lines, Unit: "percentunit", Limits: over(.8, 1), Help: "hookswitchrefusingcalls", Asks: one("max by (signal) ("+gauge("load_ratio")+")", "{{signal}}")},
				{Title: "Calls on each node", About: "Are they spread?", Kind: Lines, Unit: "short", Asks: one("sum by ("+node+") ("+gauge("calls_live")+")", "{{instance}}")},
			}},
			{"Time", 8, []Panel{
				{Title: "Sound that is sent late", About: "Once for each lump. From 20 ms on callers hear it.", Kind: Lines, Unit: "s", Limits: over(.01, .02), Help: "hookswitchsoundlate", Asks: quantiles("frame_lateness_seconds")},
				{Title: "The scheduler, late", About: "How much later than asked for a sleeping goroutine wakes. If this grows and sound is late, too few cores are left; if only sound is late, the network's buffers are full.", Kind: Lines, Unit: "s", Help: "hookswitchsoundlate", Asks: quantiles("scheduler_lateness_seconds")},
				{Title: "CPU, cores", About: "Of the process. Go's scheduler wants a tenth of the machine left.", Kind: Lines, Unit: "short", Help: "hookswitchsoundlate", Asks: one("sum by ("+node+") (rate(process_cpu_seconds_total{@}[$__rate_interval]))", "{{instance}}")},
			}},
			{"Hearing and keeping", 8, []Panel{
				{Title: "Recognisers at work", About: "Of those that there are. All at work for long: utterances wait, and answers get slower.", Kind: Lines, Unit: "short", Help: "hookswitchrecogniserqueue", Asks: []Ask{
					{"sum(" + gauge("recogniser_workers_busy") + ")", "at work"}, {"sum(" + gauge("recogniser_workers") + ")", "there are"},
				}},
				{Title: "Wait for a recogniser", About: "Of an utterance.", Kind: Lines, Unit: "s", Limits: over(.2, 1), Help: "hookswitchrecogniserqueue", Asks: quantiles("recogniser_queue_wait_seconds")},
				{Title: "Commits of the journal", About: "Nothing takes effect before it is on record: a slow disk or database is heard.", Kind: Lines, Unit: "s", Limits: over(.05, .2), Help: "hookswitchjournalslow", Asks: quantiles("journal_commit_seconds")},
			}},
			{"What goes wrong when it is too much", 8, []Panel{
				{Title: "Sound thrown away, frames a minute", About: "Because a recogniser or a voice could not keep up. Words are lost.", Kind: Stack, Unit: "cpm", Help: "hookswitchaudiodropped", Asks: one(perMinute("frames_dropped_total", "where"), "{{where}}")},
				{Title: "The journal, a minute", About: "Entries that were committed; commits that failed; writes of a process that had lost the call to another.", Kind: Lines, Unit: "cpm", Help: "hookswitchfencedwrites", Asks: []Ask{
					{perMinute("journal_entries_total", ""), "entries"}, {perMinute("journal_failures_total", ""), "failed"}, {perMinute("fenced_writes_total", ""), "fenced"},
				}},
				{Title: "Calls turned down, a minute", About: "Why.", Kind: Stack, Unit: "cpm", Help: "hookswitchrefusingcalls", Asks: one(perMinute("calls_refused_total", "reason"), "{{reason}}")},
			}},
			{"The process", 8, []Panel{
				{Title: "Memory", About: "Resident. With as many calls as before it should be as high as before.", Kind: Lines, Unit: "bytes", Help: "hookswitchmemorygrows", Asks: one("sum by ("+node+") (process_resident_memory_bytes{@})", "{{instance}}")},
				{Title: "Goroutines", About: "They follow the calls, up and down.", Kind: Lines, Unit: "short", Help: "hookswitchmemorygrows", Asks: one("sum by ("+node+") (go_goroutines{@})", "{{instance}}")},
				{Title: "Open files", About: "Of those that the process may have. Each call has a socket, and each recording a file.", Kind: Lines, Unit: "percentunit", Limits: over(.6, .8), Help: "hookswitchfilesrunout", Asks: one("max by ("+node+") (process_open_fds{@} / process_max_fds{@})", "{{instance}}")},
				{Title: "Longest stop of the collector", About: "The longest of Go's last collections.", Kind: Lines, Unit: "s", Asks: one(`max by (`+node+`) (go_gc_duration_seconds{@, quantile=~"1(\\.0)?"})`, "{{instance}}")},
			}},
		},
	}
}
