// An agent that enters no room: it says what it was sent, and stays.
import { defineAgent } from '@livekit/agents';

export default defineAgent({
  entry: async (ctx) => {
    const { job, url, token } = ctx.info;
    console.log('ENTRY ' + JSON.stringify({ job: job.id, room: job.room?.name, metadata: job.metadata, url, token }));
    ctx.addShutdownCallback(async () => console.log('SHUTDOWN ' + job.id));
  },
});
