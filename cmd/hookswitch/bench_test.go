package main

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

func TestBenchRefusesWhatCannotBeMeasured(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"bench", "--calls=0", "--duration=1ms"}, "2 mistakes on the command line"},
		{[]string{"bench", "--calls=100000"}, "100000 calls can't be measured"},
		{[]string{"bench", "--agent=parrot"}, "parrot"},
		{[]string{"bench", "--duration=10"}, "duration"},
	} {
		status, out, errs := typed(t, nil, tt.args...)
		if status != fault.Wrong || out != "" || !strings.Contains(errs, tt.want) {
			t.Errorf("%v: status %d, stdout %q, stderr:\n%s", tt.args, status, out, errs)
		}
	}
}
