package agenda

// FileError is what is wrong with a batch's file as a whole, for the client: it
// repeats nothing of what stands in it but names of columns.
type FileError struct{ Why string }

// Error implements error.
func (e *FileError) Error() string { return "agenda: the file: " + e.Why }
