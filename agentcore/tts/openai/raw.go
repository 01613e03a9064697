package openai

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// files begin so. A server that takes no notice of the format that it was asked
// for would have its file's bytes played as samples, which is noise. The last two
// are the usual heads of an MPEG frame.
var files = []string{"ID3\x03", "ID3\x04", "RIFF", "OggS", "fLaC", "\xff\xfb\x90d", "\xff\xf3\xe4\xc4"}

// raw is res, unless its body is a file.
func raw(res *http.Response) (*http.Response, error) {
	if res.StatusCode != http.StatusOK {
		return res, nil
	}
	body := bufio.NewReader(res.Body)
	head, _ := body.Peek(4) // its error comes again when the body is read
	if slices.Contains(files, string(head)) {
		res.Body.Close()
		return nil, provider.New(Name, "speak", provider.Garbage, errors.New("the answer is a file, not raw sound"))
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{body, res.Body}
	return res, nil
}
