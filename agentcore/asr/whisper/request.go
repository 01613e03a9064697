package whisper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

const (
	mostAnswer = 1 << 20 // bytes of an answer
	mostPrompt = 600     // bytes: Whisper looks at 224 tokens of a prompt and no more (console.groq.com/docs/speech-to-text)
)

// question is what is the same about all requests of a call.
type question struct {
	language string // ISO 639-1; empty lets the server find out
	keywords []string
}

// language makes the language code that the endpoint wants of a BCP 47 tag.
func language(tag string) string {
	if tag == "" {
		return "en"
	}
	code, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if code == "auto" || code == "multi" || code == "mul" {
		return ""
	}
	return code
}

// prompt is the keywords as Whisper's prompt. From the documentation:
// developers.openai.com/api/docs/guides/speech-to-text, "Prompting".
func prompt(keywords []string) string {
	var text strings.Builder
	for _, k := range keywords {
		if text.Len()+len(k)+2 > mostPrompt {
			break
		}
		if text.Len() > 0 {
			text.WriteString(", ")
		}
		text.WriteString(k)
	}
	return text.String()
}

// form writes a request down. From the documentation:
// developers.openai.com/api/reference/resources/audio/subresources/transcriptions/methods/create
func (r *Recognizer) form(q question, pcm []int16) (body *bytes.Buffer, contentType string, err error) {
	body = &bytes.Buffer{}
	form := multipart.NewWriter(body)
	field := func(name, value string) {
		if value != "" && err == nil {
			err = form.WriteField(name, value)
		}
	}
	field("model", r.cfg.Model)
	field("language", q.language)
	if r.cfg.Model == "gpt-transcribe" { // the one that takes them as such
		for _, k := range q.keywords {
			field("keywords[]", k)
		}
	} else {
		field("prompt", prompt(q.keywords))
	}
	field("response_format", "json") // the only one that every model has
	field("temperature", "0")
	if err != nil {
		return nil, "", err
	}
	head := textproto.MIMEHeader{}
	head.Set("Content-Disposition", `form-data; name="file"; filename="speech.wav"`) // servers tell formats by the name's end
	head.Set("Content-Type", "audio/wav")
	file, err := form.CreatePart(head)
	if err != nil {
		return nil, "", err
	}
	sound, err := recording(r.cfg.Format, pcm)
	if err != nil {
		return nil, "", err
	}
	if _, err := file.Write(sound); err != nil {
		return nil, "", err
	}
	return body, form.FormDataContentType(), form.Close()
}

// transcribe asks once.
func (r *Recognizer) transcribe(ctx context.Context, q question, pcm []int16) (string, error) {
	body, contentType, err := r.form(q, pcm)
	if err != nil {
		return "", provider.New(Name, "decode", provider.Refused, err)
	}
	w := provider.Watch(ctx, r.cfg.Patience)
	defer w.Stop()
	req, err := http.NewRequestWithContext(w.Ctx, http.MethodPost, r.cfg.BaseURL+"/audio/transcriptions", body)
	if err != nil {
		return "", provider.New(Name, "decode", provider.Refused, errors.New("the request can't be made"))
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", "application/json")
	if r.cfg.Key != "" {
		req.Header.Set("Authorization", "Bearer "+r.cfg.Key)
	}
	res, err := r.http.Do(req)
	if err != nil {
		return "", provider.Failure(w.Ctx, Name, "decode", err)
	}
	w.Resume()
	if res.StatusCode != http.StatusOK {
		return "", provider.Answer(Name, "decode", res)
	}
	answer, err := provider.ReadAll(Name, "decode", res, mostAnswer)
	if err != nil {
		return "", err
	}
	return read(answer)
}

// read takes the text out of an answer. Some servers say 200 and then that they
// failed.
func read(answer []byte) (string, error) {
	var a struct {
		Text  *string
		Error json.RawMessage
	}
	err := json.Unmarshal(answer, &a)
	switch {
	case err == nil && a.Text != nil:
		return strings.Join(strings.Fields(*a.Text), " "), nil
	case err == nil && len(a.Error) > 0 && string(a.Error) != "null":
		text := "the server says that it failed"
		if code := provider.ErrorCode(answer); code != "" {
			text += ": " + code
		}
		return "", provider.New(Name, "decode", provider.Unavailable, errors.New(text))
	}
	return "", provider.New(Name, "decode", provider.Garbage, errors.New("its answer can't be understood"))
}
