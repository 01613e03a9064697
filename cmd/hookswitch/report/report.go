// Package report writes calls as one HTML page that needs nothing else: no
// server, no network, no other file. The recordings are inside; every word
// plays them from where it was spoken; what nobody heard is struck through.
//
// The words in it are a caller's, so hostile: the page is written by
// html/template, and its own content policy allows nothing but what is in it.
package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// Page is what a page shows: what came of some calls, and the calls.
type Page struct {
	Result show.Result
	Calls  []Recorded // in the order of Result.Calls
}

// Recorded is what is kept of a call beside its result.
type Recorded struct {
	Entries []agentcore.Entry // its journal
	WAV     []byte            // stereo, left the caller, right the agent; nil for none
}

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// pageStyle is all of the page's style: its own, and that of drawings in it.
var pageStyle = pageCSS + replay.PictureCSS

var page = template.Must(template.New("page").Parse(pageHTML))

// Write writes the page to w. It fails if a recording is no WAV file that can be
// read, and with w's own errors; nothing is written before all is ready.
func Write(w io.Writer, p Page) error {
	v, err := newView(p)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("report: write the page: %w", err)
	}
	return nil
}

// policy is the page's content policy: its own script and style by their
// digests, sound and icon from data in the page, and nothing else from anywhere.
func policy() string {
	return "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; media-src data:; " +
		"script-src '" + digest(pageJS) + "'; style-src '" + digest(pageStyle) + "'"
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// source is an audio element's src attribute. The data is base64 of our own
// making, which needs no escaping.
func source(wav []byte) template.HTMLAttr {
	return template.HTMLAttr(`src="data:audio/wav;base64,` + base64.StdEncoding.EncodeToString(wav) + `"`)
}
