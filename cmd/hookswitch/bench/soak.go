package bench

import (
	"fmt"
	"math"
	"time"
)

// Soak is what the gateway's memory did while calls came and went.
type Soak struct {
	Minutes          float64   `json:"minutes"`
	Calls            int       `json:"calls"`               // that were made, one after the other in the place of each
	SlopeKBPerMinute float64   `json:"slope_kb_per_minute"` // of the straight line through the samples
	StandardError    float64   `json:"standard_error"`      // of that slope
	Flat             bool      `json:"flat"`
	FirstMB          float64   `json:"first_mb"` // means of the first tenth, and of the last
	LastMB           float64   `json:"last_mb"`
	Samples          []float64 `json:"samples_mb"` // resident memory, evenly spaced, at most 240
}

const (
	soakWarm = 0.2  // of the samples, at the beginning, that are not looked at: pools and caches fill
	flatMost = 64.0 // KB a minute that are flat all the same: 90 MB a day, of a process that has hundreds
	surely   = 3.0  // standard errors by which a slope must differ from flat
	mostKept = 240  // samples in a report

	mostParts = 30
)

// soaked fits a line through the resident memory of samples. A slope is told from
// none only when it is more than its own error explains: the collector's teeth are
// larger than any leak that is worth finding. The line goes through the means of
// parts, not through each second: one second says what the one before it said, and
// the error would come out far too small.
func soaked(samples []timed, calls int) *Soak {
	warm := int(soakWarm * float64(len(samples)))
	rest := samples[warm:]
	s := &Soak{Minutes: rest[len(rest)-1].at.Sub(rest[0].at).Minutes(), Calls: calls}
	var x, y []float64
	for _, t := range rest {
		x = append(x, t.at.Sub(rest[0].at).Minutes())
		y = append(y, float64(t.Resident)/1024)
	}
	s.SlopeKBPerMinute, s.StandardError = fit(parts(x), parts(y))
	s.Flat = s.SlopeKBPerMinute-surely*s.StandardError <= flatMost
	tenth := max(1, len(y)/10)
	s.FirstMB, s.LastMB = mean(y[:tenth])/1024, mean(y[len(y)-tenth:])/1024
	every := max(1, (len(y)+mostKept-1)/mostKept)
	for i := 0; i < len(y); i += every {
		s.Samples = append(s.Samples, math.Round(y[i]/1024*100)/100)
	}
	return s
}

// parts are the means of at most mostParts equal stretches of all.
func parts(all []float64) (means []float64) {
	n := min(mostParts, len(all))
	for i := range n {
		means = append(means, mean(all[i*len(all)/n:(i+1)*len(all)/n]))
	}
	return means
}

// fit is the slope of the straight line of least squares through points, and
// its standard error.
func fit(x, y []float64) (slope, stderr float64) {
	n := float64(len(x))
	mx, my := mean(x), mean(y)
	var sxx, sxy float64
	for i := range x {
		sxx += (x[i] - mx) * (x[i] - mx)
		sxy += (x[i] - mx) * (y[i] - my)
	}
	if sxx == 0 || n < 3 {
		return 0, 0
	}
	slope = sxy / sxx
	var rest float64
	for i := range x {
		d := y[i] - my - slope*(x[i]-mx)
		rest += d * d
	}
	return slope, math.Sqrt(rest / (n - 2) / sxx)
}

func mean(all []float64) float64 {
	var sum float64
	for _, v := range all {
		sum += v
	}
	return sum / float64(len(all))
}

// verdict tells the soak to a person.
func (s *Soak) verdict() string {
	says := "flat"
	if !s.Flat {
		says = "GROWS"
	}
	return fmt.Sprintf("%s: %+.1f KB a minute, standard error %.1f, over %s and %d calls; %.1f MB, then %.1f", says, s.SlopeKBPerMinute, s.StandardError,
		time.Duration(s.Minutes*float64(time.Minute)).Round(time.Second), s.Calls, s.FirstMB, s.LastMB)
}
