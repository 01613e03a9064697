//go:build race

package simulation

const raced = true // this is the race detector's build
