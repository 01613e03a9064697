// What an operator's program does with LiveKit's own SDK while somebody is on the
// phone in ROOM. It prints a line of JSON after each step, and goes on when it
// reads one.
import { createInterface } from 'node:readline';
import { AccessToken, AgentDispatchClient, ConnectorClient } from 'livekit-server-sdk';
import { JobStatus, RoomAgentDispatch, RoomConfiguration } from '@livekit/protocol';

const { LIVEKIT_URL: url, LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret, ROOM: room } = process.env;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (what) => console.log(JSON.stringify(what ?? null));
const seen = (d) => d?.toJson();

const client = new AgentDispatchClient(url, key, secret);
say({ before: (await client.listDispatch(room)).map(seen) });

const made = await client.createDispatch(room, 'Ben', { metadata: '{"order":7}' });
let now = await client.getDispatch(made.id, room);
while (now.state.jobs[0]?.state.status !== JobStatus.JS_RUNNING) {
  await new Promise((done) => setTimeout(done, 50));
  now = await client.getDispatch(made.id, room);
}
say({ made: seen(made), running: seen(now) });
await lines.next();

await client.deleteDispatch(made.id, room);
say({ deleted: seen(await client.getDispatch(made.id, room)) ?? 'undefined', left: (await client.listDispatch(room)).map(seen) });

const token = new AccessToken(key, secret, { identity: 'caller', ttl: 60 });
token.addGrant({ roomJoin: true, room: 'lounge' });
token.roomConfig = new RoomConfiguration({ agents: [new RoomAgentDispatch({ agentName: 'Cleo', metadata: 'of a token' })] });
const { connectUrl } = await new ConnectorClient(url, key, secret).connectTwilioCall({
  twilioCallDirection: 0, roomName: 'parlour', participantIdentity: 'caller', agents: [new RoomAgentDispatch({ agentName: 'Cleo' })],
});
say({ token: await token.toJwt(), connectUrl });
process.exit(0);
