// LiveKit's own worker with phone-agent.mjs, until its standard input is closed.
// Where it registers and with what key stands in the environment, as everywhere.
import { AgentServer, ServerOptions, initializeLogger } from '@livekit/agents';
import { fileURLToPath } from 'node:url';

initializeLogger({ pretty: false, level: 'info' });
const server = new AgentServer(new ServerOptions({
  agent: fileURLToPath(new URL('./phone-agent.mjs', import.meta.url)),
  agentName: 'phone',
  wsURL: process.env.LIVEKIT_URL,
  host: '127.0.0.1',
  port: 0,
  loadFunc: async () => 0.1,
}));
server.event.on('worker_registered', (id) => console.log('REGISTERED ' + id));
process.stdin.on('end', async () => {
  await server.close();
  process.exit(0);
});
process.stdin.resume();
await server.run();
