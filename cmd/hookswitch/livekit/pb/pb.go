// Package pb is LiveKit's wire as far as we speak it: the same package, message
// and field names and numbers as its protocol v1.54.0, in .proto files of our
// own. github.com/livekit/protocol itself would bring 64 modules.
//
// Generated code is committed. To make it anew, with protoc in the PATH:
//
//	go generate ./cmd/hookswitch/livekit/pb
package pb

//go:generate ./generate.sh
