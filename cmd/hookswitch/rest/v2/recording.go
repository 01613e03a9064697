package v2

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/storage/blob"
)

// peaksAnswer is how a recording looks, in the shape that drawers of waves know.
type peaksAnswer struct {
	Version    int       `json:"version"`
	Rate       int       `json:"sample_rate"`
	Samples    int       `json:"samples_per_peak"`
	Channels   int       `json:"channels"`
	LengthMS   int64     `json:"length_ms"`
	Data       [][]int16 `json:"data" doc:"For each channel (the caller, the agent) least and most in turn, from -128 to 127."`
	PeaksCount int       `json:"peaks" doc:"Of each channel."`
}

type peaksInput struct {
	CallPath
	Max int `query:"max" minimum:"100" maximum:"20000" default:"4000" doc:"Peaks of a channel at most: each then stands for more samples."`
}

// recordings registers a call's sound.
func (a *API) recordings() {
	handle(a, operation{
		ID: "get-recording", Method: http.MethodGet, Path: "/calls/{id}/recording", Tag: tagCalls, Thing: "Recording",
		Summary: "Get recording", Scope: roster.CallsRead, Fail: "Failed to get recording",
		About: "Returns the call's sound as one WAV file, the caller on the left and the agent on the right. " +
			"Where the line was lost, there is silence of the true length. Ranges and HEAD are understood. While the call runs, it is as long as the call is by now.",
		Errors: []int{http.StatusRequestedRangeNotSatisfiable},
	}, a.recording)
	const path = "/calls/{id}/recording"
	sound := &huma.Schema{Type: "string", Format: "binary"}
	answersAlso(a, path, "200", "audio/wav", sound, "The whole file.")
	answersAlso(a, path, "206", "audio/wav", sound, "The range that was asked for.")
	answersAlso(a, path, "304", "", nil, "It is as the client has it, by its ETag.")
	for status, names := range map[string][]string{"200": {"Accept-Ranges", "ETag"}, "206": {"Content-Range", "ETag"}} {
		for _, name := range names {
			a.huma.OpenAPI().Paths[Base+path].Get.Responses[status].Headers[name] = &huma.Param{Schema: &huma.Schema{Type: "string"}}
		}
	}
	handle(a, operation{
		ID: "get-peaks", Method: http.MethodGet, Path: path + "/peaks", Tag: tagCalls, Thing: "Recording",
		Summary: "Get peaks", Scope: roster.CallsRead, Fail: "Failed to get peaks",
		About:  "Returns how the recording looks, to draw it without the sound itself.",
		Errors: []int{http.StatusBadRequest},
	}, a.peaks)
}

func (a *API) recording(ctx context.Context, in *CallPath) (*huma.StreamResponse, error) {
	r, err := a.call(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if a.Calls.Recordings == nil {
		return nil, roster.ErrNotFound
	}
	sound, err := a.Calls.Recordings.Sound(ctx, r.ID)
	if errors.Is(err, blob.ErrNone) {
		return nil, roster.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer sound.Close()
		req, w := humago.Unwrap(c)
		h := w.Header()
		h.Set("Content-Type", "audio/wav")
		h.Set("Content-Disposition", fmt.Sprintf(`inline; filename="%s.wav"`, fileName(in.ID)))
		h.Set("Cache-Control", "private, no-cache")
		h.Set("ETag", fmt.Sprintf(`"%d-%d"`, sound.Size(), sound.Modified().UnixMicro()))
		h.Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(&patient{ResponseWriter: w, r: req, control: http.NewResponseController(w), wait: a.streams.limit.Patience}, req, "", sound.Modified(), sound)
	}}, nil
}

// fileName is what a browser calls the file.
func fileName(id string) string {
	b := []byte(id)
	for i, c := range b {
		if !(c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			b[i] = '_'
		}
	}
	return string(b)
}

// patient lets an answer take as long as its client goes on reading, and tells a
// range that isn't there in our own words.
type patient struct {
	http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	wait    time.Duration // that one write may take
	refused bool
}

func (p *patient) WriteHeader(status int) {
	if status != http.StatusRequestedRangeNotSatisfiable {
		p.ResponseWriter.WriteHeader(status)
		return
	}
	p.refused = true
	h := p.Header()
	for _, name := range []string{"Content-Disposition", "ETag", "Last-Modified"} {
		h.Del(name)
	}
	WriteFailure(p.ResponseWriter, p.r, status, "The recording has no such range.")
}

func (p *patient) Write(b []byte) (int, error) {
	if p.refused {
		return len(b), nil
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(p.wait)) // tests' recorders have none
	return p.ResponseWriter.Write(b)
}

func (a *API) peaks(ctx context.Context, in *peaksInput) (*reply[peaksAnswer], error) {
	r, err := a.call(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if a.Calls.Recordings == nil {
		return nil, roster.ErrNotFound
	}
	p, err := a.Calls.Recordings.Peaks(ctx, r.ID)
	if errors.Is(err, blob.ErrNone) {
		return nil, roster.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	count := len(p[0])
	wide := max(1, (count+in.Max-1)/in.Max)
	out := peaksAnswer{
		Version: 1, Rate: media.Rate, Samples: wide * wav.PeakSamples, Channels: len(p),
		LengthMS: int64(count) * wav.PeakSamples * 1000 / media.Rate,
	}
	for _, side := range p {
		peaks := wav.Widen(side, wide)
		data := make([]int16, 0, 2*len(peaks))
		for _, one := range peaks {
			data = append(data, int16(one.Min), int16(one.Max))
		}
		out.PeaksCount = len(peaks)
		out.Data = append(out.Data, data)
	}
	return &reply[peaksAnswer]{out}, nil
}
