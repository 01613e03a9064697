import { AgentDispatchClient } from 'livekit-server-sdk';

const OPENVIDU_URL = 'https://my-openvidu-host';
const API_KEY = 'api-key';
const API_SECRET = 'api-secret';

const agentDispatchClient = new AgentDispatchClient(OPENVIDU_URL, API_KEY, API_SECRET);

// create a dispatch request for an agent named "AGENT_NAME" to join "my-room"
const dispatch = await agentDispatchClient.createDispatch('my-room', 'AGENT_NAME');

console.log('Dispatch created:', dispatch);
