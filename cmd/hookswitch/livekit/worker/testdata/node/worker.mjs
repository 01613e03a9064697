// LiveKit's own worker, as its users run it, until its standard input is closed.
import { AgentServer, ServerOptions, initializeLogger } from '@livekit/agents';
import { fileURLToPath } from 'node:url';

initializeLogger({ pretty: false, level: 'info' });
const server = new AgentServer(new ServerOptions({
  agent: fileURLToPath(new URL('./agent.mjs', import.meta.url)),
  agentName: 'real', // URL, key and secret come from the environment, as everywhere
  wsURL: process.env.LIVEKIT_URL,
  host: '127.0.0.1',
  requestFunc: async (job) => job.accept('Real', 'agent-real'),
  loadFunc: async () => 0.1,
}));
server.event.on('worker_registered', (id) => console.log('REGISTERED ' + id));
process.stdin.on('end', async () => {
  await server.close();
  console.log('CLOSED');
  process.exit(0);
});
process.stdin.resume();
await server.run();
