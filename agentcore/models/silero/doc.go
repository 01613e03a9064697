// Package silero judges whether a frame holds speech with the network Silero
// VAD v6, at the line's own 8 kHz. It scores beeps, ringback, keys and noise
// near 0, which an energy gate can't; it costs about 0.1 ms a frame, so put the
// gate of media/vad before it.
package silero
