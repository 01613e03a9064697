package providers

import "strings"

// bare is whose voices need no prefix: seed 001's voice_uuid is Resemble's.
const bare = "resemble"

// VoiceUUID is what the API calls a provider's voice.
func VoiceUUID(name, id string) string {
	if name == bare {
		return id
	}
	return name + "-" + id
}

// OfVoice is whose voice a uuid is, and what it is called there. A uuid without a
// provider's name before it is Resemble's.
func OfVoice(uuid string) (Provider, string) {
	for _, p := range Table {
		if id, ok := strings.CutPrefix(uuid, p.Name+"-"); ok && p.Speaks != nil && id != "" {
			return p, id
		}
	}
	p, _ := Find(bare)
	return p, uuid
}
