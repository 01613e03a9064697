package agentfile

import "strings"

// vendor is a line of the table of speech-to-text providers that OpenVidu's file
// has a block for.
type vendor struct {
	name string
	keys map[string]kind

	// Of those that hear here; the others' use is nil.
	provider    string // in providers.Table; empty: the embedded recogniser
	base, model string // unless the file says otherwise
	use         map[string]use
	fine        map[string][]string // values that say what is done anyway, so that nobody need be told
}

// keys are those of a block: the texts, and others as "name:kind", where b is
// true or false, n a number, l a list of texts, a anything.
func keys(names string) map[string]kind {
	all := map[string]kind{}
	for _, one := range strings.Fields(names) {
		name, k, _ := strings.Cut(one, ":")
		all[name] = map[string]kind{"": text, "b": boolean, "n": number, "l": texts, "a": anything}[k]
	}
	return all
}

var plainUse = map[string]use{"api_key": useKey, "model": useModel, "language": useLanguage}

// with is plainUse and more.
func with(more map[string]use) map[string]use {
	for name, u := range plainUse {
		more[name] = u
	}
	return more
}

var embedded = map[string]use{"language": useEnglish, "model": useEnglishModel, "partial_results": useInterims}

// vendors is the table. The first eight hear here. Keys from OpenVidu's own file:
// OpenVidu/openvidu-agents, speech-processing/agent-speech-processing.yaml.
var vendors = []vendor{
	{name: "moonshine", keys: keys("language partial_results:b"), // ours: the embedded one by its name
		use: map[string]use{"language": useEnglish, "partial_results": useInterims}},
	{name: "sherpa", keys: keys("model language provider sample_rate:n partial_results:b num_threads:n recognizer_type decoding_method use_silero_vad:b"),
		use: embedded, fine: map[string][]string{"use_silero_vad": {"true", "false"}}},
	{name: "vosk", keys: keys("model language sample_rate:n partial_results:b use_silero_vad:b"),
		use: embedded, fine: map[string][]string{"use_silero_vad": {"true", "false"}}},
	{name: "deepgram", keys: keys("api_key model language detect_language:b interim_results:b smart_format:b no_delay:b punctuate:b filler_words:b profanity_filter:b numerals:b keywords:a keyterms:l"),
		provider: "deepgram", use: with(map[string]use{"interim_results": useInterims, "keyterms": useKeywords}),
		fine: map[string][]string{ // what OpenVidu's file has as shipped
			"detect_language": {"false"}, "smart_format": {"false"}, "no_delay": {"true"}, "punctuate": {"true"},
			"filler_words": {"true"}, "profanity_filter": {"false"}, "numerals": {"false"},
		}},
	{name: "assemblyai", keys: keys("api_key end_of_turn_confidence_threshold:n min_end_of_turn_silence_when_confident:n max_turn_silence:n format_turns:b keyterms_prompt:l"),
		provider: "assemblyai", use: map[string]use{"api_key": useKey, "keyterms_prompt": useKeywords},
		fine: map[string][]string{"format_turns": {"true"}}},
	{name: "openai", keys: keys("api_key model language detect_language:b prompt"),
		provider: "openai", use: plainUse, fine: map[string][]string{"detect_language": {"false"}}},
	{name: "groq", keys: keys("api_key model language detect_language:b prompt base_url"),
		provider: "whisper", base: "https://api.groq.com/openai/v1", model: "whisper-large-v3-turbo",
		use: with(map[string]use{"base_url": useBaseURL}), fine: map[string][]string{"detect_language": {"false"}}},
	{name: "whisper", keys: keys("api_key model language base_url"), // ours: any server that speaks OpenAI's protocol for files
		provider: "whisper", use: with(map[string]use{"base_url": useBaseURL})},

	{name: "aws", keys: keys("aws_access_key_id aws_secret_access_key aws_default_region language vocabulary_name language_model_name enable_partial_results_stabilization:b partial_results_stability vocab_filter_name vocab_filter_method")},
	{name: "azure", keys: keys("speech_host speech_key speech_auth_token speech_region language:l profanity phrase_list:l explicit_punctuation:b")},
	{name: "azure_openai", keys: keys("azure_api_key azure_ad_token azure_endpoint azure_deployment api_version organization project language detect_language:b model prompt")},
	{name: "google", keys: keys("credentials_info:a model location languages:l detect_language:b punctuate:b spoken_punctuation:b interim_results:b")},
	{name: "fal", keys: keys("api_key language")},
	{name: "clova", keys: keys("api_key invoke_url language threshold:n")},
	{name: "speechmatics", keys: keys("api_key language operating_point enable_partials:b enable_diarization:b output_locale max_delay:n max_delay_mode speaker_diarization_config:a punctuation_overrides:a additional_vocab:a")},
	{name: "gladia", keys: keys("api_key interim_results:b languages:l code_switching:b pre_processing_audio_enhancer:b pre_processing_speech_threshold:n")},
	{name: "sarvam", keys: keys("api_key language model")},
	{name: "mistralai", keys: keys("api_key model language")},
	{name: "cartesia", keys: keys("api_key model language")},
	{name: "soniox", keys: keys("api_key language_hints:l context")},
	{name: "nvidia", keys: keys("api_key model function_id punctuate:b language_code sample_rate:n server use_ssl:b")},
	{name: "spitch", keys: keys("api_key language")},
	{name: "elevenlabs", keys: keys("api_key model_id language_code base_url sample_rate:n tag_audio_events:b include_timestamps:b")},
	{name: "simplismart", keys: keys("api_key model language task without_timestamps:b min_speech_duration_ms:n temperature:n multilingual:b")},
	{name: "nemotron", keys: keys("model language device precision att_context_size:a sample_rate:n partial_results:b")},
}

func vendorCalled(name string) (vendor, bool) {
	for _, v := range vendors {
		if v.name == name {
			return v, true
		}
	}
	return vendor{}, false
}

func vendorNames() (all []string) {
	for _, v := range vendors {
		all = append(all, v.name)
	}
	return all
}

// serving are those that hear here.
func serving() (all []string) {
	for _, v := range vendors {
		if v.use != nil {
			all = append(all, v.name)
		}
	}
	return all
}
