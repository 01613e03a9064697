//go:build !mutant

package room

// mutant plants no bug in this build: the compiler removes what asks for one.
func mutant(string) bool { return false }
