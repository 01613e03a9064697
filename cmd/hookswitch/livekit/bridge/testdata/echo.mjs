// An agent made with LiveKit's own client (npm @livekit/rtc-node, libwebrtc): it
// says what it hears, in Opus. Arguments: the folder where the client is
// installed, the server's address, a token. It leaves when its input ends.
import { createRequire } from 'node:module';

const [folder, url, token] = process.argv.slice(2);
const rtc = createRequire(folder + '/')('@livekit/rtc-node');

const room = new rtc.Room();
const voice = new rtc.AudioSource(48000, 1);
room.on(rtc.RoomEvent.TrackSubscribed, async (track) => {
  if (track.kind !== rtc.TrackKind.KIND_AUDIO) return;
  for await (const frame of new rtc.AudioStream(track, 48000, 1)) await voice.captureFrame(frame);
});
await room.connect(url, token, { autoSubscribe: true, dynacast: false });
const options = new rtc.TrackPublishOptions();
options.source = rtc.TrackSource.SOURCE_MICROPHONE;
await room.localParticipant.publishTrack(rtc.LocalAudioTrack.createAudioTrack('voice', voice), options);

process.stdin.resume().on('end', async () => {
  await room.disconnect();
  await rtc.dispose();
  process.exit(0);
});
