package agentfile_test

import "testing"

// Every provider's block and every key that OpenVidu's documentation and its own
// file have, whether anybody here hears by it or not: who moves a file over must
// not have to take it apart first.
const openvidus = `
docker_image: docker.io/openvidu/agent-speech-processing:main
enabled: true
load_threshold: 0.7
log_level: INFO
live_captions:
  processing: manual
  provider: sherpa
  aws: {aws_access_key_id: a, aws_secret_access_key: a, aws_default_region: eu-west-1, language: en-US, vocabulary_name: a, language_model_name: a,
    enable_partial_results_stabilization: true, partial_results_stability: high, vocab_filter_name: a, vocab_filter_method: mask}
  azure: {speech_host: a, speech_key: a, speech_auth_token: a, speech_region: a, language: [en-US, de-DE], profanity: masked, phrase_list: [a, b], explicit_punctuation: false}
  azure_openai: {azure_api_key: a, azure_ad_token: a, azure_endpoint: a, azure_deployment: a, api_version: 2024-10-21, organization: a, project: a, language: en,
    detect_language: false, model: a, prompt: a}
  google: {credentials_info: '{"type": "service_account"}', model: latest_long, location: global, languages: [en-US], detect_language: true, punctuate: true,
    spoken_punctuation: false, interim_results: true}
  openai: {api_key: a, model: gpt-4o-mini-transcribe, language: en, detect_language: false, prompt: a}
  groq: {api_key: a, model: whisper-large-v3-turbo, language: en, detect_language: false, prompt: a, base_url: "https://api.groq.com/openai/v1"}
  deepgram: {api_key: a, model: nova-3, language: en-US, detect_language: false, interim_results: true, smart_format: false, no_delay: true, punctuate: true,
    filler_words: true, profanity_filter: false, numerals: false, keyterms: [a, b]}
  assemblyai: {api_key: a, end_of_turn_confidence_threshold: 0.65, min_end_of_turn_silence_when_confident: 160, max_turn_silence: 2400, format_turns: true, keyterms_prompt: [a]}
  fal: {api_key: a, language: en}
  clova: {api_key: a, invoke_url: a, language: en-US, threshold: 0.5}
  speechmatics: {api_key: a, language: en, operating_point: enhanced, enable_partials: true, enable_diarization: false, output_locale: en-GB, max_delay: 0.7, max_delay_mode: fixed,
    speaker_diarization_config: {max_speakers: 2, speaker_sensitivity: 0.5, prefer_current_speaker: true}, punctuation_overrides: {permitted_marks: ["."]},
    additional_vocab: [{content: gnocchi, sounds_like: [nyohki]}]}
  gladia: {api_key: a}
  sarvam: {api_key: a, language: en-IN, model: a}
  mistralai: {api_key: a, model: a, language: en}
  cartesia: {api_key: a, model: ink-whisper, language: en}
  soniox: {api_key: a}
  nvidia: {api_key: a, model: a, function_id: a, punctuate: true, language_code: en-US, sample_rate: 16000, server: a, use_ssl: true}
  spitch: {api_key: a, language: en}
  elevenlabs: {api_key: a, model_id: scribe_v2, language_code: en, base_url: a, sample_rate: 16000, tag_audio_events: false, include_timestamps: false}
  simplismart: {api_key: a, model: a, language: en}
  vosk: {model: vosk-model-en-us-0.22-lgraph, language: en-US, sample_rate: 16000, partial_results: true, use_silero_vad: false}
  sherpa: {language: en-US, partial_results: true}
  nemotron: {language: en-US}
custom_of_somebody: {anything: [1, 2]}
`

func TestOpenVidusOwnFileIsTaken(t *testing.T) {
	a := load(t, openvidus)
	if a.Captions == nil || !a.Captions.Embedded() || a.Automatic || a.Threshold != .7 || !a.Enabled {
		t.Errorf("it is %+v", a)
	}
	if len(a.Notes) != 0 { // of blocks that are not chosen nobody need be told
		t.Errorf("noted: %q", a.Notes)
	}
}
