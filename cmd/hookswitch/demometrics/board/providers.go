package board

func providers() Dashboard {
	const by = "stage, provider"
	failing := "sum by (" + by + ") (" + rate("provider_failures_total") + ") / sum by (" + by + ") (" + rate("provider_requests_total") + ")"
	return Dashboard{
		UID: "hookswitch-providers", Title: "Providers", About: "Who hears, thinks and speaks for us: do they answer, how fast, and what do they cost?",
		Rows: []Row{
			{"Do they answer", 8, []Panel{
				{Title: "Left alone now", About: "Parts of providers that failed so often that they are not asked for a while. Others take over, while there are others.", Kind: Stat, Unit: "short", Width: 4, Limits: over(1, 1), Help: "hookswitchproviderleftalone", Asks: one("sum("+gauge("provider_breakers_open")+")", "breakers open")},
				{Title: "Requests that fail", About: "Share of the requests, of each stage and provider.", Kind: Lines, Unit: "percentunit", Limits: over(.01, .05), Help: "hookswitchproviderfails", Asks: one(failing, "{{stage}} {{provider}}")},
				{Title: "Failures by class, a minute", About: "auth and quota are yours to mend (key, bill); rate_limited wants a higher limit; unavailable and timeout are theirs.", Kind: Stack, Unit: "cpm", Help: "hookswitchproviderfails", Asks: one(perMinute("provider_failures_total", "stage, provider, class"), "{{stage}} {{provider}}: {{class}}")},
			}},
			{"How fast", 8, []Panel{
				{Title: "First word, token or sound, p95", About: "From the request. This is what callers wait for.", Kind: Lines, Unit: "s", Help: "hookswitchslowturns", Asks: one(quantile("0.95", "provider_first_byte_seconds", by), "{{stage}} {{provider}}")},
				{Title: "Whole answer, p95", About: "From the request to the end of the answer, without the time that a caller listened.", Kind: Lines, Unit: "s", Help: "hookswitchslowturns", Asks: one(quantile("0.95", "provider_duration_seconds", by), "{{stage}} {{provider}}")},
				{Title: "Requests, a minute", About: "Utterances to recognise, replies to think, phrases to speak.", Kind: Lines, Unit: "cpm", Asks: one(perMinute("provider_requests_total", by), "{{stage}} {{provider}}")},
			}},
			{"What they cost", 8, []Panel{
				{Title: "Dollars an hour", About: "By the price table in the setting prices; what has no price costs nothing here. Also the carrier's minutes.", Kind: Stack, Unit: "currencyUSD", Asks: one("3600 * sum by ("+by+") ("+rate("call_cost_usd_total")+")", "{{stage}} {{provider}}")},
				{Title: "Units, an hour", About: "What providers bill by.", Kind: Lines, Unit: "short", Asks: one("3600 * sum by (stage, provider, unit) ("+rate("provider_billed_units_total")+")", "{{stage}} {{provider}}: {{unit}}")},
				{Title: "Failures as calls saw them, a minute", About: "A recogniser, model, voice or tool that failed for a call, whether somebody took over or not.", Kind: Lines, Unit: "cpm", Help: "hookswitchproviderfails", Asks: one(perMinute("provider_errors_total", "part"), "{{part}}")},
			}},
		},
	}
}
