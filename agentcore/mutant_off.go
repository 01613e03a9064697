//go:build !mutant

package agentcore

// mutant plants no bug in this build: the compiler removes what asks for one.
func mutant(string) bool { return false }
