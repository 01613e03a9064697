//go:build !race

package simulation

const raced = false // this is not the race detector's build
