package dialplan

import "testing"

// What is remembered says what the tables say.
func TestRegionsDiffer(t *testing.T) {
	rs := regions{}
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"+12125550199", "+14155550100", false},
		{"+12125550199", "+18765550100", true}, // Jamaica
		{"+14165550100", "+14155550100", true}, // Canada
		{"+442079460000", "+447400123456", false},
		{"+442079460000", "+447797123456", true}, // Jersey
		{"+442079460000", "+14155550100", true},
		{"+4915112345678", "+493012345678", false},
		{"+77012345678", "+74951234567", true}, // Kazakhstan
		{"anonymous", "+14155550100", true},
	} {
		for range 2 {
			if got := rs.differ(tt.a, tt.b); got != tt.want {
				t.Errorf("differ(%s, %s) = %v", tt.a, tt.b, got)
			}
		}
		if want := homeOf(tt.a) != homeOf(tt.b); want != tt.want {
			t.Errorf("the tables say %v of %s and %s", want, tt.a, tt.b)
		}
	}
	for i := range mostRegions + 10 {
		rs.of("+44" + string(rune('a'+i%26)) + string(rune(i)) + "0000")
	}
	if len(rs) > mostRegions {
		t.Errorf("%d are remembered", len(rs))
	}
}
