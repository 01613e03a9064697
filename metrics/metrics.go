// Package metrics counts and times what the gateway does, for Prometheus. It
// knows nothing of ours: [Set] satisfies agentcore.Observer and dispatch.Counter
// by its shape.
//
// Names follow LiveKit's vocabulary where it has a word (end_of_turn_delay,
// llm_node_ttft, ...), so that its dashboards need new prefixes only. No label
// holds a call's id, a phone number or anything a stranger chose.
package metrics

import (
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Config of a [Set].
type Config struct {
	Version string // of the build, shown in hookswitch_build_info
	Agents  bool   // agents' names are labels, of the first hundred
}

// Set is all collectors on a registry of their own. Its methods may be called
// from any goroutine and never block.
type Set struct {
	factory factory
	agents  *agents
	anyCall *Call // of whom nothing is known

	taken     *prometheus.CounterVec
	over      *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	turned    *bounded
	tokens    *bounded
	begun     *prometheus.CounterVec
	ended     *prometheus.CounterVec
	endpoint  prometheus.Histogram
	recognise prometheus.Histogram
	tool      prometheus.Histogram
	model     prometheus.Histogram
	voice     prometheus.Histogram
	line      prometheus.Histogram
	gap       *prometheus.HistogramVec
	talkOver  prometheus.Histogram
	queued    prometheus.Histogram
	voices    prometheus.Histogram
	dropped   *bounded
	failed    *bounded
	ignored   *bounded
	refused   *bounded
	lost      *bounded
	callbacks *bounded
	repeated  prometheus.Counter
	answered  *bounded
	handed    *prometheus.CounterVec
	waited    prometheus.Histogram
	talked    *prometheus.HistogramVec
	undialled *bounded
	aged      prometheus.Counter
	cps       prometheus.Histogram
	queue     prometheus.Gauge
	webhooks  *prometheus.CounterVec
	hooked    prometheus.Histogram
	providers *providers
	agenda    *agenda
	rooms     *rooms
	answers   *answers
	media     *media
	turns     *turns
	journal   *journal
	traces    *traces
	scheduler prometheus.Histogram
	reasons   *names
	ready     prometheus.Gauge
}

// New returns a Set in which every family exists already, at zero where its
// labels are known.
func New(c Config) *Set {
	f, a := newFactory(), &agents{allowed: c.Agents}
	s := &Set{
		factory:   f,
		agents:    a,
		taken:     f.counters("calls_begun_total", "Calls that were taken, or placed.", "direction"),
		over:      f.counters("calls_ended_total", "Calls that ended, by end reason.", a.labels("direction", "reason")...),
		duration:  f.lengths("call_duration_seconds", "Length of ended calls, from their answer (or, unanswered, from their start).", a.labels("direction")...),
		turned:    f.bounded("calls_refused_total", "Calls that were not taken, by reason.", "reason", "draining", "full", "cpu", "lateness", "recogniser", "memory"),
		tokens:    f.bounded("tokens_refused_total", "Streams whose token was not good, by reason.", "reason", "token", "still_talking"),
		begun:     f.counters("conversations_begun_total", "Conversations that began to talk, once for each stream.", a.labels("direction")...),
		ended:     f.counters("conversations_ended_total", "Conversations that ended their call themselves, by end reason. That a caller hung up is mostly not theirs to notice.", a.labels("direction", "reason")...),
		endpoint:  f.delay("end_of_turn_delay_seconds", "Endpoint: from the caller's last word until we were sure that they had finished."),
		recognise: f.delay("transcription_delay_seconds", "Recognise: from the endpoint to the words."),
		tool:      f.delay("tool_delay_seconds", "Tool: time a reply waited for tools; only turns that did."),
		model:     f.delay("llm_node_ttft_seconds", "Model: from the words to the first phrase of the reply."),
		voice:     f.delay("tts_node_ttfb_seconds", "Voice: from the first phrase to its first frame."),
		line:      f.delay("line_delay_seconds", "Line: from the first frame to its being played."),
		gap:       f.delays("e2e_latency_seconds", "Gap: from the caller's last word to the agent's first sample played, as the carrier confirmed it.", a.labels()...),
		talkOver:  f.delay("talk_over_delay_seconds", "From a caller's first sample over the agent until the line was told to be silent."),
		queued:    f.delay("recogniser_queue_wait_seconds", "Time an utterance waited for a free recogniser."),
		voices:    f.delay("voice_queue_wait_seconds", "Time a clause waited for a free voice."),
		dropped:   f.bounded("frames_dropped_total", "Frames thrown away because something could not keep up.", "where", "recogniser", "voice"),
		failed:    f.bounded("provider_errors_total", "Failures of a recogniser, model, voice or tool.", "part", "recogniser", "model", "voice", "tool"),
		ignored:   f.bounded("twilio_messages_ignored_total", "Stream messages that were ignored, by reason.", "reason"),
		refused:   f.bounded("websocket_refusals_total", "Websockets that were turned away, by reason.", "reason"),
		lost:      f.bounded("streams_lost_total", "Streams that broke or were stopped before we closed them, by reason.", "reason"),
		callbacks: f.bounded("twilio_requests_refused_total", "Carrier requests that were turned away, by reason.", "reason"),
		repeated:  f.counter("twilio_requests_repeated_total", "Carrier requests that came again and were answered from memory."),
		answered:  f.bounded("answered_by_total", "The carrier's own verdicts about who answered.", "verdict"),
		handed:    f.counters("transfers_total", "Transfers that are over, by kind and outcome.", "kind", "outcome"),
		waited:    f.times("transfer_wait_seconds", "From the wish for a transfer until somebody had taken the caller, or nobody would.", patience),
		talked:    f.lengths("transfer_talk_seconds", "Time that callers talked with whom they were handed to.", "kind"),
		undialled: f.bounded("calls_not_permitted_total", "Numbers that were not called because a rule forbids it, by rule.", "rule"),
		aged:      f.counter("calls_reaped_total", "Calls that were ended because they had lasted longer than any call does."),
		cps:       f.times("dial_wait_seconds", "Time that a call waited for its turn before the carrier was asked.", patience),
		queue:     f.gauge("dials_waiting", "Calls that wait for their turn at the carrier now."),
		webhooks:  f.counters("webhooks_sent_total", "Attempts to tell a webhook, by kind and outcome: delivered, failed (tried again), dead, cancelled (the call ended first).", "kind", "outcome"),
		hooked:    f.delay("webhook_delay_seconds", "An attempt to tell a webhook, from its start to the last byte of the answer."),
		providers: f.providers(),
		agenda:    f.agenda(),
		rooms:     f.rooms(),
		answers:   f.answers(),
		media:     f.media(),
		turns:     f.turns(),
		journal:   f.journal(),
		traces:    f.traces(),
		scheduler: f.times("scheduler_lateness_seconds", "How much later than it wanted to something woke up that had nothing else to do.", instants),
		reasons:   newNames(),
		ready:     f.gauge("ready", "1 while the gateway takes calls, as /readyz says."),
	}
	s.anyCall = &Call{set: s}
	s.gap.WithLabelValues(a.values("")...)
	f.build(c.Version)
	for _, d := range directions {
		s.taken.WithLabelValues(d)
		s.begun.WithLabelValues(a.values("", d)...)
		s.duration.WithLabelValues(a.values("", d)...)
		for _, reason := range endReasons {
			s.over.WithLabelValues(a.values("", d, s.reasons.admit(reason))...)
		}
	}
	for _, kind := range kinds {
		s.talked.WithLabelValues(kind)
		for _, outcome := range fates {
			s.handed.WithLabelValues(kind, outcome)
		}
	}
	for kind, all := range outcomes {
		for _, outcome := range all {
			s.webhooks.WithLabelValues(kind, outcome)
		}
	}
	f.r.MustRegister(collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(waits)), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return s
}

// endReasons are the ends that calls have, as package telephony names them. They
// exist from the start: of a series that begins at 1 no rate sees the first.
var endReasons = []string{
	"agent_hangup", "caller_hangup", "silence", "max_duration", "provider_failed", "gateway_failed", "line_lost", "not_connected", "busy", "no_answer",
	"failed", "canceled", "refused", "shutdown", "transferred", "voicemail", "operator_hangup", "number_unknown", "agent_disabled", "agent_incomplete",
}

// waits are the runtime's own histograms of what keeps a goroutine from running:
// that nobody had time for it, and that the world was stopped.
var waits = collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^(/sched/latencies:seconds|/sched/pauses/total/(gc|other):seconds|/cpu/classes/gc/total:cpu-seconds)$`)}

// Families are all that s was made with or was given since, in that order. What
// the Go runtime and the process show by themselves isn't among them.
func (s *Set) Families() []Family { return slices.Clone(*s.factory.all) }

// Registry is where all of s is registered, and where others may add theirs.
func (s *Set) Registry() *prometheus.Registry { return s.factory.r }

// Handler serves /metrics, in the text format or OpenMetrics as is asked.
func (s *Set) Handler() http.Handler {
	return promhttp.HandlerFor(s.factory.r, promhttp.HandlerOpts{Registry: s.factory.r, EnableOpenMetrics: true})
}

// Ready tells whether the gateway takes calls now.
func (s *Set) Ready(yes bool) {
	if yes {
		s.ready.Set(1)
		return
	}
	s.ready.Set(0)
}

var directions = []string{"inbound", "outbound"}

// direction keeps the label to its two values.
func direction(d string) string {
	if d == directions[1] {
		return d
	}
	return directions[0]
}

// CallTaken implements dispatch.Counter.
func (s *Set) CallTaken(d string) { s.taken.WithLabelValues(direction(d)).Inc() }

// CallRefused implements dispatch.Counter.
func (s *Set) CallRefused(why string) { s.turned.inc(why) }

// StreamRefused implements dispatch.Counter.
func (s *Set) StreamRefused(why string) { s.tokens.inc(why) }

// VoiceQueued tells how long a clause waited for somebody to speak it.
func (s *Set) VoiceQueued(wait time.Duration) { s.voices.Observe(wait.Seconds()) }

// FrameDropped implements agentcore.Observer.
func (s *Set) FrameDropped(where string) { s.dropped.inc(where) }

// MessageIgnored counts a message of a media stream that made no sense.
func (s *Set) MessageIgnored(reason string) { s.ignored.inc(reason) }

// SocketRefused counts a websocket that was turned away.
func (s *Set) SocketRefused(reason string) { s.refused.inc(reason) }

// StreamLost counts a stream that did not end by our closing it.
func (s *Set) StreamLost(reason string) { s.lost.inc(reason) }

// RequestRefused counts a carrier's request that was turned away.
func (s *Set) RequestRefused(reason string) { s.callbacks.inc(reason) }

// RequestRepeated counts a carrier's request that had been answered before.
func (s *Set) RequestRepeated() { s.repeated.Inc() }

// outcomes are what may become of an attempt to tell a webhook of each kind.
var outcomes = map[string][]string{
	"pre_call":  {"delivered", "dead", "cancelled"},
	"post_call": {"delivered", "failed", "dead"},
	"test":      {"delivered", "dead"},
}

// WebhookSent counts an attempt to tell a webhook of one of our kinds. What is
// not among them is counted as other.
func (s *Set) WebhookSent(kind, outcome string, took time.Duration) {
	all, ok := outcomes[kind]
	if !ok {
		kind = other
	}
	if !slices.Contains(all, outcome) {
		outcome = other
	}
	s.webhooks.WithLabelValues(kind, outcome).Inc()
	s.hooked.Observe(took.Seconds())
}

// AnsweredBy counts the carrier's verdict about who answered.
func (s *Set) AnsweredBy(verdict string) { s.answered.inc(verdict) }

// build says what runs.
func (f factory) build(version string) {
	if version == "" {
		version = "unknown"
	}
	g := f.gauges("build_info", "What runs; always 1.", "version", "goversion")
	g.WithLabelValues(version, runtime.Version()).Set(1)
}
