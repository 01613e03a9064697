package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/bench"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// render writes what files say, printed by `hookswitch bench --json`, into the page
// of performance in folder, and its plots beside it.
func render(folder string, files []string) error {
	var reports []bench.Report
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil {
			var r bench.Report
			if r, err = bench.ReadReport(text); err == nil {
				reports = append(reports, r)
			}
		}
		if err != nil {
			return unrendered(err, file)
		}
	}
	page := filepath.Join(folder, "performance.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return unrendered(err, page)
	}
	written, err := bench.Rewrite(string(text), reports)
	if err == nil {
		err = os.WriteFile(page, []byte(written), 0o644)
	}
	if err != nil {
		return unrendered(err, page)
	}
	for name, plot := range bench.Plots(reports) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(plot), 0o644); err != nil {
			return unrendered(err, name)
		}
	}
	return nil
}

func unrendered(err error, file string) error {
	return &fault.Fault{What: fmt.Sprintf("the reports can't be written down: %v", err), Where: fault.Keep(file),
		Mend: "measure first, in the project's own folder: " + fault.Keep("make bench-report"), Code: "bench/render", Err: err}
}
