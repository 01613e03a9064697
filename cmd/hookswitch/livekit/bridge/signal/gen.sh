#!/bin/sh
# Makes signal.pb.go of signal.proto. It needs protoc; protoc-gen-go is the one of
# go.mod.
set -e
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
root=$(git rev-parse --show-toplevel)
cd "$root"
go build -o "$bin/protoc-gen-go" google.golang.org/protobuf/cmd/protoc-gen-go
PATH="$bin:$PATH" protoc --go_out=. --go_opt=paths=source_relative cmd/hookswitch/livekit/bridge/signal/signal.proto
