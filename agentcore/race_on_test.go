//go:build race

package agentcore_test

const raced = true
