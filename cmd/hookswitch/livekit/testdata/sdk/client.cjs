// What an operator's program does with LiveKit's own SDK, against the service at
// LIVEKIT_URL. It prints one JSON object: what each step gave, or how it failed.
const { AccessToken, AgentDispatchClient, ConnectorClient } = require('livekit-server-sdk');
const { RoomAgentDispatch, RoomConfiguration } = require('@livekit/protocol');

const { LIVEKIT_URL: url, LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = process.env;
const seen = {};

async function step(name, run) {
  try {
    const got = await run();
    seen[name] = got === undefined ? 'undefined' : got?.toJson ? got.toJson() : got;
  } catch (e) {
    seen[name] = { failed: e.message, status: e.status, code: e.code };
  }
  return seen[name];
}

async function token(grants, options = {}) {
  const t = new AccessToken(key, secret, { identity: 'caller', ...options });
  t.addGrant(grants);
  return t.toJwt();
}

async function main() {
  const client = new AgentDispatchClient(url, key, secret);
  await step('list of no room', () => client.listDispatch('nowhere'));

  const made = await step('create', () => client.createDispatch('my-room', 'test-agent', {
    metadata: '{"order":7}', deployment: 'blue', restartPolicy: 1,
  }));
  await step('create with spaces', () => client.createDispatch('my room', 'a test agent'));
  await step('create without a name', () => client.createDispatch('my-room', ''));
  await step('list', async () => (await client.listDispatch('my-room')).map((d) => d.toJson()));
  await step('get', () => client.getDispatch(made.id, 'my-room'));
  await step('get unknown', () => client.getDispatch('AD_unknown', 'my-room'));
  await step('delete', () => client.deleteDispatch(made.id, 'my-room'));
  await step('get deleted', () => client.getDispatch(made.id, 'my-room'));
  await step('delete unknown', () => client.deleteDispatch('AD_unknown', 'my-room'));

  await step('wrong secret', () => new AgentDispatchClient(url, key, 'wrong').listDispatch('my-room'));
  await step('unknown key', () => new AgentDispatchClient(url, 'APInobody', secret).listDispatch('my-room'));
  const expired = await token({ roomAdmin: true, room: 'my-room' }, { ttl: new Date(Date.now() - 120e3) });
  await step('expired', () => new AgentDispatchClient(url, key, secret, { token: expired }).listDispatch('my-room'));
  const other = await token({ roomAdmin: true, room: 'other' });
  await step('another room', () => new AgentDispatchClient(url, key, secret, { token: other }).listDispatch('my-room'));
  const join = await token({ roomJoin: true, room: 'my-room' });
  await step('no admin', () => new AgentDispatchClient(url, key, secret, { token: join }).createDispatch('my-room', 'a'));
  await step('large metadata', () => client.createDispatch('my-room', 'a', { metadata: 'm'.repeat((512 << 10) + 1) }));
  await step('300 characters', () => client.createDispatch('my-room', 'a'.repeat(300)));
  await step('bad deployment', () => client.createDispatch('my-room', 'a', { deployment: 'a_b' }));

  await step('token with agents', async () => {
    const t = new AccessToken(key, secret, { identity: 'caller', name: 'A caller', metadata: 'm', attributes: { a: 'b' } });
    t.addGrant({ roomJoin: true, room: 'my-room' });
    t.roomConfig = new RoomConfiguration({ agents: [new RoomAgentDispatch({ agentName: 'test-agent', metadata: 'for it' })] });
    return t.toJwt();
  });
  await step('connect', () => new ConnectorClient(url, key, secret).connectTwilioCall({
    twilioCallDirection: 0, roomName: 'their-room', participantIdentity: 'caller',
    agents: [new RoomAgentDispatch({ agentName: 'test-agent' })],
  }));
  console.log(JSON.stringify(seen));
}

main();
