package answer

import (
	"fmt"
	"time"
)

// Every threshold and weight of the engine stands here and nowhere else, with its
// reason. The code uses these variables; [Table] lists them for the documents.
// Weights are log odds in nats: what speaks for a machine against what speaks for
// a person. To tune one, change its number here; the weights of phrases are in
// phrases/.

// The ear.
var (
	leastWord    = span("least_word", 140*time.Millisecond, "shorter is a click or a breath; a quick \"yes\" is 200 ms")
	groupPause   = span("group_pause", 300*time.Millisecond, "a silence that ends a word group; within a phrase gaps are shorter")
	steadyRange  = level("steady_range", 0.8, "dB", "a sound whose level moves less is a tone or a hum, never a voice")
	noiseLevel   = level("noise_level", -48, "dBFS", "softer is the line's own noise")
	noiseSpread  = float64(level("noise_spread", 1.5, "dB", "by how much the level of music varies within a second; that of steady noise varies by 0.5"))
	shortSilence = span("short_silence", 700*time.Millisecond, "the first silence worth telling: who was greeted waits that long for an answer; people pause for less within a sentence")
	toneHold     = span("tone_hold", 500*time.Millisecond, "how long a tone that has not ended is taken to go on after it was told")
)

// Frames in a row over which a level must be steady, and in a second.
const (
	steadyFrames    = 6
	framesPerSecond = 50
)

// What must be reached.
var (
	prior         = nats("prior", -1.0, "before anything is known: it fails towards a person, though a third of placed calls reach a machine")
	personFrom    = nats("person_from", 2.0, "odds at which a person is a person (88 %): nothing is lost by saying so early, for unknown is treated as one")
	personSolid   = nats("person_solid", 2.5, "odds (92 %) that end the listening once a person has taken a turn")
	machineFrom   = nats("machine_from", 3.0, "odds (95 %) for a class after which somebody is still talked to, or waited for")
	hangUpFrom    = nats("hang_up_from", 3.5, "odds (97 %) for unavailable, mailbox_full and fax: the call ends at once and nothing can be put right")
	sureVoicemail = level("sure_voicemail", 0.995, "of 1", "a voicemail that is left no message is hung up on at once when it is as sure; else at its beep, or when its greeting is over. A person who says \"leave a message with me\" reaches 0.991")
	guessShare    = nats("guess_share", 0.7, "of the weight of words in an interim result: it may change")
	cadenceShare  = nats("cadence_share", 0.25, "of cadence's weight when machines are told apart: all of them talk on")
	sureFrom      = nats("sure_from", 0.9, "probability, of no unit, of the class that is named: who is hung up on as a voicemail must be one, and no menu")
	certainFrom   = nats("certain_from", 6.0, "odds (99.8 %) from which it is a machine even if nobody knows which")
	classFade     = span("class_fade", 12*time.Second, "how fast evidence fades when machines are told apart: a screener gives way to a voicemail, a menu to music")
)

// What is suspected: only that a message is made in advance follows from it.
var (
	suspectFrom   = nats("suspect_from", 0, "odds: a machine is as likely as a person")
	suspectTalk   = span("suspect_talk", 2*time.Second, "of talk without more than a breath: most greetings go on for two seconds more, in which a slow voice makes the message")
	suspectAnswer = span("suspect_answer", 4*time.Second, "of talk that follows on what the agent said: people answer at length")
)

// Cadence.
var (
	soonSpan      = span("soon", 1200*time.Millisecond, "who lifts the phone speaks by then, most of the time")
	soonWeight    = nats("soon_weight", 0.2, "but greetings begin after 0.3 to 1.5 s too: it says little")
	shortSpan     = span("short_group", 1200*time.Millisecond, "\"hello?\", \"Smith speaking\": the first word group of most people")
	shortWeight   = nats("short_group_weight", 0.8, "some greetings begin so too (\"Hi. You've reached ...\")")
	middleSpan    = span("middle_group", 2400*time.Millisecond, "a longer greeting of a person; Twilio's MachineDetectionSpeechThreshold")
	middleWeight  = nats("middle_group_weight", 0.4, "less than a short one")
	waiting       = grades("waiting", "silence behind a first group, with us silent or talking: people wait, a recording goes on", step{700 * time.Millisecond, 1.0}, step{1500 * time.Millisecond, 1.7}, step{2500 * time.Millisecond, 2.0})
	wordsWait     = span("words_wait", 2*time.Second, "of silence for which the words of more than a short group are waited for, before waiting weighs: they come within 1.5 s and may be a machine's")
	longWait      = span("long_wait", 4*time.Second, "behind a longer monologue a silence says less: a recording that is over waits for its beep")
	longWaitShare = nats("long_wait_share", 0.5, "of what waiting weighs then")
	breath        = span("breath", 1200*time.Millisecond, "a shorter pause does not end a monologue; recorded greetings pause for up to a second")
	talkingOn     = grades("talking_on", "a monologue of that length: Twilio says machine from 2.4 s, Asterisk from 1.5 s; businesses greet for 5 s, so alone it decides only when very long", step{2400 * time.Millisecond, 0.4}, step{4 * time.Second, 1.0}, step{6 * time.Second, 1.5}, step{9 * time.Second, 2.6}, step{14 * time.Second, 3.4}, step{20 * time.Second, 4.2}, step{30 * time.Second, 5.0})
	inAnswerShare = nats("in_answer_share", 0.4, "of that when it answers what the agent said: people then talk long, too")
	unbroken      = grades("unbroken", "sound taken for speech without any gap: nobody talks so, it is music", step{12 * time.Second, 2.5}, step{20 * time.Second, 4.5})
	overUs        = grades("over_us", "talked on over the agent's own speech: people stop, recordings don't", step{1500 * time.Millisecond, 1.2}, step{3 * time.Second, 2.0})
	underUs       = span("under_us", 2*time.Second, "of our speech, through which somebody waited silently")
	underUsWeight = nats("under_us_weight", 0.8, "people listen; so does a voicemail that records, but that one has beeped")
	answered      = nats("answered", 1.2, "spoke after what we said, and then waited: an exchange")
	answerWithin  = span("answer_within", 5*time.Second, "after our words in which what is said is an answer")
	music         = grades("music", "sound without speech", step{6 * time.Second, 1.5}, step{12 * time.Second, 4.2}, step{25 * time.Second, 5.0})
)

// Music around an announcement.
var (
	queueTalk   = span("queue_talk", 2400*time.Millisecond, "of talk before music, which make it an announcement's; people say less and have a radio on")
	queueMusic  = span("queue_music", 6*time.Second, "of music before or behind an announcement of a queue")
	queueWeight = nats("queue", 2.5, "an announcement's words and its music: nobody waits for an answer in it")
)

// Tones.
var (
	beepAfter      = span("beep_after", 2*time.Second, "of speech before a beep, which make it a voicemail's")
	beepLeast      = span("beep_least", 700*time.Millisecond, "of speech before a beep that may yet turn out a voicemail's, by its words")
	beepStands     = span("beep_stands", time.Second, "more speech than that behind a beep, before it is known who it is: nothing records yet")
	beepWithin     = span("beep_within", 5*time.Second, "between a greeting and its beep")
	beepSoon       = span("beep_soon", 1200*time.Millisecond, "between a short greeting and its beep; who waited for longer was a person")
	beepWeight     = nats("beep", 4.5, "behind a greeting: enough alone, for \"It's Bob, you know what to do\" has no other sign")
	beepShort      = nats("beep_short", 2.5, "soon behind a short one: an oven beeps, too, but then somebody speaks on")
	beepSilence    = span("beep_silence", 1300*time.Millisecond, "behind a beep with nobody speaking on: it records")
	beepSilent     = nats("beep_silent", 5.5, "what the beep weighs then")
	loneBeepWeight = nats("lone_beep", 1.0, "with no greeting before it: a person can play a beep, a smoke alarm can, too")
	loneSilence    = span("lone_silence", 2500*time.Millisecond, "behind the first thing that was heard, a beep: a person would have spoken")
	loneSilent     = nats("lone_silent", 4.5, "what it weighs then")
	sitWeight      = nats("sit", 5.0, "nobody whistles the special information tones")
	ringbackWeight = nats("ringback", 2.1, "after the answer: a call being passed on. Each of two")
	busyWeight     = nats("busy", 4.7, "whoever was there is gone")
	faxCalling     = nats("fax_calling", 4.7, "CNG: 1100 Hz in its cadence")
	faxAnswer      = nats("fax_answer", 6.0, "CED: 2100 Hz for seconds")
	secondRingback = 2
)

// Who else says so.
var (
	carrierMachine = nats("carrier_machine", 1.2, "the carrier's machine_start: it goes by the length of the greeting, which we weigh too, and takes long business greetings for machines")
	carrierAmid    = span("carrier_amid", 12*time.Second, "amid a first greeting of up to that, its machine_start decides nothing")
	clearFrom      = nats("clear_from", 2.5, "of one phrase or tone of a machine, for the carrier's machine_start to count behind a short greeting, too")
	carrierEnd     = nats("carrier_message_end", 5.0, "machine_end_* behind a greeting: it has heard the whole of it, and its end")
	carrierEarly   = nats("carrier_early_end", 3.5, "the same with less than 3 s of talk before it")
	carrierHuman   = nats("carrier_human", 1.8, "the carrier's human: by default anybody who greets for less than 2.4 s")
	carrierFax     = nats("carrier_fax", 4.7, "a tone that it knows as we do")
	modelWeight    = nats("model", 6.0, "the model has read all of it, and its user asked it to say so")
)

// When somebody picks up.
var (
	pickUpFrom      = nats("pick_up_from", 3.0, "of all that speaks for it. Cadence alone does it only while it records")
	pickUpShort     = span("pick_up_group", 2500*time.Millisecond, "who picks up says little and waits")
	pickUpGap       = span("pick_up_gap", time.Second, "of silence before it: the greeting was over, or was stopped")
	pickUpApart     = nats("pick_up_apart", 1.0, "a short group that stands alone")
	pickUpWait      = grades("pick_up_wait", "of silence behind it", step{700 * time.Millisecond, 1.0}, step{1500 * time.Millisecond, 1.5})
	pickUpWords     = span("pick_up_words", 2*time.Second, "of silence for which the words are waited for: they come 0.6 to 1.5 s behind the last one, and may be none. Then it was a cough, or the voicemail's own noise")
	pickUpRecording = nats("pick_up_recording", 1.0, "behind the beep, or once a message was begun: the voicemail has nothing to say")
	pickUpTold      = nats("pick_up_told", 1.0, "a screener or a menu was answered, or it was on hold, and words of no machine come: a person is expected, and whoever they are, silence would be no answer")
	pickUpWeight    = nats("picked_up", 3.0, "what a pick-up is worth from then on; all that was heard before is spent")
)

// Moments.
var (
	leaveGreeting = span("leave_greeting", 3*time.Second, "a greeting must be as long for its end to be told by silence")
	leaveSilence  = span("leave_silence", 2*time.Second, "behind such a greeting: it records, its beep was not heard")
	leaveLate     = span("leave_late", 4*time.Second, "behind a shorter one")
	askWeight     = nats("ask", 3.0, "of a phrase by which a screener or a menu asks again, once it was answered")
	replyAfter    = span("reply_after", 700*time.Millisecond, "of silence: a screener or a menu waits")
	mostReplies   = 3
)

// Row is one number of the table.
type Row struct {
	Name  string // "beep"
	Value string // "4.0"
	Unit  string // nats, s, dB, dBFS
	Why   string
}

var rows []Row

// Table returns every threshold and weight, in the order in which they are
// defined.
func Table() []Row { return append([]Row(nil), rows...) }

// step is a weight that holds from a length on.
type step struct {
	from   time.Duration
	weight float64
}

// scale is a weight that grows with a length, in steps.
type scale []step

// of returns the weight for d, 0 below the first step.
func (s scale) of(d time.Duration) (w float64) {
	for _, step := range s {
		if d >= step.from {
			w = step.weight
		}
	}
	return w
}

func note(name, value, unit, why string) {
	rows = append(rows, Row{Name: name, Value: value, Unit: unit, Why: why})
}

func span(name string, d time.Duration, why string) time.Duration {
	note(name, fmt.Sprint(d.Seconds()), "s", why)
	return d
}

func nats(name string, w float64, why string) float64 {
	note(name, fmt.Sprintf("%.1f", w), "nats", why)
	return w
}

func level(name string, l float32, unit, why string) float32 {
	note(name, fmt.Sprint(l), unit, why)
	return l
}

func grades(name, why string, steps ...step) scale {
	for _, s := range steps {
		note(fmt.Sprintf("%s from %v s", name, s.from.Seconds()), fmt.Sprintf("%.1f", s.weight), "nats", why)
	}
	return steps
}
