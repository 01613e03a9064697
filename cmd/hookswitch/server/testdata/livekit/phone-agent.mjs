// An agent made with LiveKit's own framework, as its users write one. On the
// phone it makes a tone of 1700 Hz; it says when it hears the caller's tone of
// 1000 Hz, and hangs up when the caller falls silent after that.
import { defineAgent } from '@livekit/agents';
import * as rtc from '@livekit/rtc-node';

const rate = 48000;

// level is the amplitude of a sine of hz in samples.
function level(samples, hz) {
  let re = 0, im = 0;
  for (let i = 0; i < samples.length; i++) {
    const at = (2 * Math.PI * hz * i) / rate;
    re += samples[i] * Math.cos(at);
    im += samples[i] * Math.sin(at);
  }
  return (2 * Math.hypot(re, im)) / samples.length;
}

async function listen(ctx, track) {
  let heard = false, quiet = 0;
  for await (const frame of new rtc.AudioStream(track, rate, 1)) {
    const loud = level(frame.data, 1000) > 2000;
    if (loud && !heard) console.log('HEARS ' + Math.round(level(frame.data, 1000)));
    heard ||= loud;
    quiet = loud ? 0 : quiet + frame.samplesPerChannel / rate;
    if (heard && quiet > 1) return ctx.shutdown('the caller is silent');
  }
}

export default defineAgent({
  entry: async (ctx) => {
    ctx.addShutdownCallback(async () => console.log('SHUTDOWN ' + ctx.job.id));
    const listening = new Set();
    ctx.room.on(rtc.RoomEvent.TrackSubscribed, (track) => {
      if (track.kind === rtc.TrackKind.KIND_AUDIO && !listening.has(track.sid)) {
        listening.add(track.sid);
        listen(ctx, track);
      }
    });
    await ctx.connect();
    const caller = await ctx.waitForParticipant();
    console.log('CALLER ' + JSON.stringify({ identity: caller.identity, kind: caller.kind, attributes: caller.attributes, metadata: ctx.job.metadata }));

    const voice = new rtc.AudioSource(rate, 1);
    const options = new rtc.TrackPublishOptions();
    options.source = rtc.TrackSource.SOURCE_MICROPHONE;
    await ctx.room.localParticipant.publishTrack(rtc.LocalAudioTrack.createAudioTrack('voice', voice), options);
    hum(ctx, voice); // entry returns: the framework waits for that when the job ends
  },
});

async function hum(ctx, voice) {
  const samples = new Int16Array(rate / 100);
  for (let n = 0; ctx.room.isConnected; n += samples.length) {
    for (let i = 0; i < samples.length; i++) samples[i] = 5800 * Math.sin((2 * Math.PI * 1700 * (n + i)) / rate);
    await voice.captureFrame(new rtc.AudioFrame(samples, rate, 1, samples.length));
  }
}
