package sim

import (
	"strings"
	"testing"
	"time"
)

func TestFaultsOfRESTInWriting(t *testing.T) {
	for text, want := range map[string]RESTFault{
		"429":                                 {Status: 429},
		"503,every=2,times=10,retry-after=1s": {Status: 503, Every: 2, Times: 10, RetryAfter: time.Second},
		"lost,method=post,path=/Calls.json":   {Lost: true, Method: "POST", Path: "/Calls.json"},
		"unmet":                               {Unmet: true},
	} {
		if got, err := ParseRESTFault(text); err != nil || got != want {
			t.Errorf("ParseRESTFault(%s) = %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                       "no fault",
		"404":                    "no fault",
		"429,every=x":            "no value of every",
		"429,times=-1":           "no value of times",
		"429,retry-after=-1s":    "no value of retry-after",
		"429,chance=0.5":         `no "chance"`,
		strings.Repeat("9", 201): "more than 200",
	} {
		if got, err := ParseRESTFault(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseRESTFault(%q) = %+v, %v; want %q", text, got, err, want)
		}
	}
}

func FuzzRESTFault(f *testing.F) {
	f.Add("429,every=2,times=10,retry-after=1s,method=POST,path=/Calls")
	f.Fuzz(func(t *testing.T, text string) {
		if fault, err := ParseRESTFault(text); err == nil && (fault.Every < 0 || fault.Times < 0 || fault.RetryAfter < 0) {
			t.Errorf("%q is read as %+v", text, fault)
		}
	})
}
