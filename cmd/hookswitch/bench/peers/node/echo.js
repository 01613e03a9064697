// The peer: what one would write in Node for a media stream of Twilio's, with the
// usual library, and with care. For each frame it does what the gateway's echo
// does: JSON, base64, µ-law to samples by a table, a voice detector on the samples,
// samples to µ-law by a table, base64, JSON, and a send for each lump; a mark once a
// second. It keeps no journal, no record and no metrics, and checks no signature.
//
// It is told what to be and asked how it is by JSON lines, as the gateway is: see
// gateway.go.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const FRAME = 160; // samples of 20 ms

// ITU-T G.711: all 256 codes, and the code of each of the 65,536 samples.
const decoded = new Int16Array(256);
for (let code = 0; code < 256; code++) {
  const u = ~code & 0xff;
  const magnitude = ((((u & 0x0f) << 3) + 0x84) << ((u & 0x70) >> 4)) - 0x84;
  decoded[code] = u & 0x80 ? -magnitude : magnitude;
}
const encoded = new Uint8Array(65536);
for (let sample = -32768; sample < 32768; sample++) {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(sample < 0 ? ~sample : sample, 32635) + 0x84;
  const exponent = 31 - Math.clz32(magnitude >> 7);
  encoded[sample & 0xffff] = ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

// Detector is the gateway's: how loud a frame is above the quietest of the last
// second or two.
class Detector {
  seen = 0;
  min = 0;
  old = -60;
  floor = -60;

  speech(samples) {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < FRAME; i++) {
      const s = samples[i];
      sum += s;
      squares += s * s;
    }
    const power = (squares - (sum * sum) / FRAME) / (FRAME * 32768 * 32768);
    const level = power < 1e-9 ? -90 : 10 * Math.log10(power);
    if (level < this.min) this.min = level;
    if (++this.seen === 50) {
      this.old = this.min;
      this.min = 0;
      this.seen = 0;
    }
    this.floor = Math.max(-70, Math.min(this.old, this.min, this.floor + 0.15));
    return level < -58 ? 0 : 1 / (1 + Math.exp((9 - (level - this.floor)) / 1.5));
  }
}

let settings;
let talking = 0;

// Call is one stream.
class Call {
  constructor(socket) {
    this.socket = socket;
    this.detector = new Detector();
    this.samples = new Int16Array(FRAME);
    this.lump = Math.max(1, Math.floor(settings.Lump / 20e6)); // nanoseconds
    this.waiting = Buffer.alloc(FRAME * this.lump);
    this.held = 0; // bytes that wait
    this.turn = Math.ceil(50 / this.lump) * this.lump;
    this.said = 0;
    this.heard = 0;
    this.voice = 0;
    socket.on("message", (data) => this.take(JSON.parse(data)));
    socket.on("close", () => this.over());
    socket.on("error", () => {});
  }

  take(message) {
    switch (message.event) {
      case "start":
        this.stream = message.start.streamSid;
        talking++;
        this.live = true;
        break;
      case "media":
        this.frame(Buffer.from(message.media.payload, "base64"));
        break;
      case "mark":
        this.heard = Number(message.mark.name);
        break;
      case "stop":
        this.over();
    }
  }

  over() {
    clearTimeout(this.late);
    if (this.live) talking--;
    this.live = false;
  }

  frame(ulaw) {
    const samples = this.samples;
    for (let i = 0; i < FRAME; i++) samples[i] = decoded[ulaw[i]];
    if (this.detector.speech(samples) >= 0.5) this.voice++;
    if (this.said === 0 && this.lump > 1) {
      // as the gateway's echo: a lump and a frame of silence ahead
      this.send(Buffer.alloc(FRAME * (this.lump + 1), 0xff));
    }
    for (let i = 0; i < FRAME; i++) this.waiting[this.held + i] = encoded[samples[i] & 0xffff];
    this.held += FRAME;
    if (this.held === this.waiting.length) this.flush();
    else if (this.held === FRAME) this.flushLater();
    if (++this.said % this.turn === 0) {
      this.socket.send(JSON.stringify({ event: "mark", streamSid: this.stream, mark: { name: String(this.said) } }));
    }
  }

  flush() {
    if (this.held > 0) this.send(this.waiting.subarray(0, this.held));
    this.held = 0;
  }

  // flushLater sends a lump that nobody completes.
  flushLater() {
    if (this.late === undefined) this.late = setTimeout(() => this.flush(), settings.Lump / 1e6);
    else this.late.refresh();
  }

  send(ulaw) {
    this.socket.send(JSON.stringify({ event: "media", streamSid: this.stream, media: { payload: ulaw.toString("base64") } }));
  }
}

const server = createServer((request, response) => {
  request.resume();
  if (request.url !== "/twilio/voice") {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(200, { "Content-Type": "text/xml" });
  response.end(
    `<Response><Connect><Stream url="ws://127.0.0.1:${server.address().port}/stream">` +
      `<Parameter name="token" value="none"/></Stream></Connect></Response>`,
  );
});

const say = (sample) => process.stdout.write(JSON.stringify(sample) + "\n");

createInterface({ input: process.stdin })
  .on("line", (line) => {
    if (settings === undefined) {
      settings = JSON.parse(line);
      new WebSocketServer({ server, perMessageDeflate: false }).on("connection", (socket) => new Call(socket));
      server.listen(0, "127.0.0.1", () => say({ Address: `127.0.0.1:${server.address().port}` }));
      return;
    }
    if (JSON.parse(line).Settle && globalThis.gc) globalThis.gc();
    const { user, system } = process.cpuUsage(); // microseconds
    say({ CPU: (user + system) * 1000, Resident: process.memoryUsage.rss(), Talking: talking });
  })
  .on("close", () => process.exit(0));
