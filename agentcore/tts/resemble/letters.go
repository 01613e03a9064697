package resemble

import (
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/align"
)

// timestamps are those of the letters of a piece of sound.
type timestamps struct {
	Chars []string    `json:"graph_chars"`
	Times [][]float64 `json:"graph_times"` // start and end, seconds
}

// chars makes words of letters, and finds them in the text.
type chars struct {
	text  *align.Text
	word  []byte
	start float64
	until float64
}

// mostWord is how many bytes of a word are looked at.
const mostWord = 256

// take adds a piece's letters, and returns the words that they end.
func (c *chars) take(t timestamps) (words []tts.Word) {
	for i, char := range t.Chars[:min(len(t.Chars), len(t.Times))] {
		if strings.TrimSpace(char) == "" {
			words = append(words, c.end()...)
			continue
		}
		if len(t.Times[i]) < 2 || len(c.word)+len(char) > mostWord {
			continue
		}
		if len(c.word) == 0 {
			c.start = t.Times[i][0]
		}
		c.word, c.until = append(c.word, char...), t.Times[i][1]
	}
	return words
}

// end ends the word that is there.
func (c *chars) end() []tts.Word {
	if len(c.word) == 0 {
		return nil
	}
	word := string(c.word)
	c.word = c.word[:0]
	return c.text.Words([]string{word}, []float64{c.start}, []float64{c.until})
}
