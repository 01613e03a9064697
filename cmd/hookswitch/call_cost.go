package main

import (
	"fmt"
	"strconv"
	"strings"
)

// costView is what commands read of what a call cost.
type costView struct {
	Total float64 `json:"total_usd"`
	Parts []struct {
		Stage    string  `json:"stage"`
		Provider string  `json:"provider"`
		Unit     string  `json:"unit"`
		Quantity float64 `json:"quantity"`
		USD      float64 `json:"usd"`
	} `json:"parts"`
	Unpriced []string `json:"unpriced"`
}

// lines are the total, the parts that cost anything, and what has no price.
func (v *costView) lines() [][2]string {
	lines := [][2]string{{"cost", dollars(v.Total)}}
	for _, p := range v.Parts {
		if p.USD > 0 {
			lines = append(lines, [2]string{"part", fmt.Sprintf("%s %s %s %s %s", dollars(p.USD), p.Stage, p.Provider, number(p.Quantity), strings.ReplaceAll(p.Unit, "_", " "))})
		}
	}
	if len(v.Unpriced) > 0 {
		lines = append(lines, [2]string{"unpriced", strings.Join(v.Unpriced, ", ")})
	}
	return lines
}

// dollars is an amount of money: "$0.0213".
func dollars(usd float64) string { return "$" + number(usd) }

// number is n as it is written, without an exponent.
func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
