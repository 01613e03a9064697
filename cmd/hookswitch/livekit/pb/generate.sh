#!/bin/sh
# Makes the Go code of the .proto files here. The two plugins are tools of
# go.mod; protoc itself (3.15 or newer) is asked of who changes a .proto file,
# never of who builds.
set -eu
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -o "$bin/" google.golang.org/protobuf/cmd/protoc-gen-go github.com/twitchtv/twirp/protoc-gen-twirp
# Named from the root: the names are registered beside those of other modules,
# and must be like no other's.
here=cmd/hookswitch/livekit/pb
cd ../../../..
PATH=$bin:$PATH protoc --proto_path=. \
  --go_out=. --go_opt=paths=source_relative \
  --twirp_out=. --twirp_opt=paths=source_relative \
  $here/models.proto $here/agent.proto $here/dispatch.proto $here/connector.proto
