package mail

import (
	"regexp"
	"strings"
)

var (
	// attribution is the line above a quote, in the languages of the programs that
	// write it. It has a year or a time of day, which a sentence of somebody's
	// that ends in "wrote:" has not.
	attribution = regexp.MustCompile(`^(On|Am|Le|El|Il|Op|Em|Den) .*([0-9]{4}|[0-9]{1,2}[:.][0-9]{2}).*(wrote|schrieb.*|a écrit|escribió|ha scritto|schreef.*|escreveu|skrev.*) ?:$`)
	// original is the line above a whole letter that is repeated below.
	original = regexp.MustCompile(`(?i)^-{2,} ?(original message|forwarded message|ursprüngliche nachricht|message d'origine|mensaje original) ?-{2,}$|^_{20,}$`)
	// outlook is how the letter that is repeated begins.
	outlook   = regexp.MustCompile(`^\*?(From|Von|De|Da|Van):\*? .`)
	outlookIs = regexp.MustCompile(`^\*?(Sent|Date|Gesendet|Datum|Envoyé|Enviado|Inviato|Verzonden|To|An|À|Para|Subject|Betreff|Objet|Asunto|Oggetto):\*? ?.`)
)

// maxAttribution is how many lines a program breaks an attribution into.
const maxAttribution = 3

// fresh is what is new in a letter's text: without earlier letters that it
// quotes, and without the signature below "-- " (RFC 3676, section 4.3). A
// letter that is nothing but a quote, such as a forwarded one, stays whole.
func fresh(text string) string {
	text = tidy(text)
	if short := bounded(unquoted(text)); short != "" {
		return short
	}
	return bounded(text)
}

func unquoted(text string) string {
	lines := strings.Split(text, "\n")
	var kept []string
	for i := 0; i < len(lines); i++ {
		switch n := attributed(lines[i:]); {
		case strings.HasPrefix(lines[i], ">"):
		case n > 0 && quoteFollows(lines[i+n:]):
			i += n - 1
		case n > 0, repeats(lines[i:]), lines[i] == "--": // tidy took the space
			return strings.TrimSpace(strings.Join(kept, "\n"))
		default:
			kept = append(kept, lines[i])
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// attributed is of how many lines the attribution is that lines begin with; 0:
// they begin with none.
func attributed(lines []string) int {
	joined := ""
	for n := 1; n <= min(maxAttribution, len(lines)); n++ {
		each := strings.TrimSpace(lines[n-1])
		if each == "" || len(each) > maxSubject {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + each)
		if attribution.MatchString(joined) {
			return n
		}
	}
	return 0
}

// quoteFollows reports whether the next line that is not empty is quoted.
func quoteFollows(lines []string) bool {
	for _, each := range lines {
		if each != "" {
			return strings.HasPrefix(each, ">")
		}
	}
	return false
}

// repeats reports whether another letter is repeated from here on.
func repeats(lines []string) bool {
	if original.MatchString(lines[0]) {
		return true
	}
	if !outlook.MatchString(lines[0]) || len(lines) < 3 {
		return false
	}
	return outlookIs.MatchString(lines[1]) && outlookIs.MatchString(lines[2])
}

// bounded is the beginning of text that is kept, of whole characters.
func bounded(text string) string {
	if len(text) <= maxBody {
		return text
	}
	return strings.ToValidUTF8(text[:maxBody], "")
}
