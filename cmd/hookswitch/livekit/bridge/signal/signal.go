// Package signal has the messages of LiveKit's signalling that a bridged call
// sends and reads, generated from signal.proto.
package signal

//go:generate sh gen.sh
