import assert from "node:assert/strict";
import { test } from "node:test";
import { FRAME_BYTES, Intake, MOST_WAITING_BYTES, Outbox } from "./terminal-flow.js";
import { Line } from "./terminal-line.js";
import { Refused, type Events, type Means, type Memory, type Screen, type State, type Ticket } from "./terminal-state.js";

const KIB = 1024;

class Place implements Means, Screen {
  dialled: { url: string; on: Events; said: (string | Uint8Array)[]; closed: boolean; buffered: number }[] = [];
  timers = new Map<number, { work: () => void; ms: number }>();
  tickets: (Ticket | Error)[] = [];
  kept: Memory | null = null;
  states: State[] = [];
  shown: Uint8Array[] = [];
  undrawn: (() => void)[] = [];
  sizes: [number, number][] = [];
  cleared = 0;
  drawsAtOnce = true;
  private next = 1;

  ticket = async () => {
    const ticket = this.tickets.shift() ?? { ticket: `t${this.dialled.length}`, url: "ws://x/terminal" };
    if (ticket instanceof Error) throw ticket;
    return ticket;
  };
  dial = (url: string, on: Events) => {
    const wire = { url, on, said: [] as (string | Uint8Array)[], closed: false, buffered: 0 };
    this.dialled.push(wire);
    return { send: (data: string | Uint8Array) => void wire.said.push(data), close: () => void (wire.closed = true), buffered: () => wire.buffered };
  };
  keep = (memory: Memory | null) => void (this.kept = memory);
  random = () => 0.5;
  later = (work: () => void, ms: number) => (this.timers.set(this.next, { work, ms }), this.next++);
  never = (timer: number) => void this.timers.delete(timer);
  size = () => ({ columns: 80, rows: 24 });
  clear = () => void (this.cleared += 1);
  draw = (bytes: Uint8Array, drawn: () => void) => {
    this.shown.push(bytes);
    if (this.drawsAtOnce) drawn();
    else this.undrawn.push(drawn);
  };
  resize = (columns: number, rows: number) => void this.sizes.push([columns, rows]);
  changed = (state: State) => void this.states.push(state);

  get wire() {
    return this.dialled.at(-1)!;
  }
  get controls(): Record<string, unknown>[] {
    return this.wire.said.filter((one): one is string => typeof one === "string").map((one) => JSON.parse(one));
  }
  get typed(): Uint8Array[] {
    return this.wire.said.filter((one): one is Uint8Array => typeof one !== "string");
  }
  fire(): number {
    assert.equal(this.timers.size, 1, "one timer at a time");
    const [[id, timer]] = [...this.timers] as [[number, { work: () => void; ms: number }]];
    this.timers.delete(id);
    timer.work();
    return timer.ms;
  }
  hear(control: object): void {
    this.wire.on.text(JSON.stringify(control));
  }
  opened(more: object = {}): void {
    this.wire.on.opened();
    this.hear({ type: "opened", session: "s", secret: "hush", mode: "own", from: 0, columns: 80, rows: 24, ...more });
  }
}

const settled = () => new Promise((done) => setImmediate(done));

async function open(more: object = {}, memory: Memory | null = null): Promise<{ place: Place; line: Line }> {
  const place = new Place();
  const line = new Line(place, place);
  line.start(memory);
  await settled();
  place.opened(more);
  return { place, line };
}

test("a ticket opens a shell of the screen's size", async () => {
  const { place, line } = await open();
  assert.deepEqual(place.controls, [{ type: "open", ticket: "t0", columns: 80, rows: 24 }]);
  assert.equal(line.state.phase, "open");
  assert.equal(place.cleared, 1);
  assert.deepEqual(place.kept, { url: "ws://x/terminal", secret: "hush", received: 0 });
});

test("what is typed while it opens goes out once it is open", async () => {
  const place = new Place();
  const line = new Line(place, place);
  line.start();
  line.type(new Uint8Array([108]));
  await settled();
  line.type(new Uint8Array([115]));
  assert.equal(place.typed.length, 0);
  place.opened();
  assert.deepEqual(Buffer.concat(place.typed).toString(), "ls");
});

test("a broken line comes back to the same shell from the byte it had", async () => {
  const { place, line } = await open();
  place.wire.on.bytes(new Uint8Array(100));
  place.wire.on.closed();
  assert.equal(line.state.phase, "lost");
  assert.equal(place.fire(), 300);
  place.wire.on.opened();
  assert.deepEqual(place.controls, [{ type: "resume", secret: "hush", received: 100, columns: 80, rows: 24 }]);
  place.hear({ type: "opened", session: "s", secret: "new", mode: "own", from: 100, columns: 80, rows: 24 });
  assert.equal(line.state.phase, "open");
  assert.equal(place.cleared, 1);
  assert.equal(place.kept?.secret, "new");
});

test("waits grow, but not beyond five seconds, and start anew once it is open", async () => {
  const { place } = await open();
  const waits = Array.from({ length: 7 }, () => {
    place.wire.on.closed();
    return place.fire();
  });
  assert.deepEqual(waits, [300, 600, 1200, 2400, 4800, 5000, 5000]);
  place.opened();
  place.wire.on.closed();
  assert.equal(place.fire(), 300);
});

test("a page that was loaded anew goes on from what it had drawn", async () => {
  const { place } = await open({ from: 77 }, { url: "ws://there/terminal", secret: "kept", received: 77 });
  assert.equal(place.wire.url, "ws://there/terminal");
  assert.deepEqual(place.controls[0], { type: "resume", secret: "kept", received: 77, columns: 80, rows: 24 });
  assert.equal(place.cleared, 0);
});

test("when the shell is gone another is opened, and that is said", async () => {
  const { place, line } = await open({}, null);
  place.wire.on.closed();
  place.fire();
  place.wire.on.opened();
  place.hear({ type: "closed", reason: "refused", detail: "gone" });
  assert.equal(place.kept, null);
  await settled();
  place.opened();
  assert.equal(place.controls[0]?.type, "open");
  assert.equal(line.state.isAnother, true);
  assert.equal(place.cleared, 2);
});

test("a refused ticket closes with its reason; a network without answer is tried again", async () => {
  const place = new Place();
  place.tickets = [new TypeError("no network"), new Refused("limit", "Three is enough.")];
  const line = new Line(place, place);
  line.start();
  await settled();
  assert.equal(line.state.phase, "lost");
  place.fire();
  await settled();
  assert.deepEqual([line.state.phase, line.state.reason, line.state.detail], ["closed", "limit", "Three is enough."]);
  assert.equal(place.timers.size, 0);
});

test("after a farewell nobody dials again, and nothing is remembered", async () => {
  const { place, line } = await open();
  place.hear({ type: "closed", reason: "exit", exit_code: 3 });
  place.wire.on.closed();
  assert.deepEqual([line.state.reason, line.state.exitCode, place.timers.size, place.kept], ["exit", 3, 0, null]);
  line.start();
  await settled();
  place.opened();
  assert.equal(line.state.phase, "open");
  assert.equal(line.state.reason, null);
});

test("a line without any answer is given up after a while", async () => {
  const place = new Place();
  const line = new Line(place, place);
  line.start();
  await settled();
  assert.equal(place.fire(), 15_000);
  assert.equal(place.wire.closed, true);
  assert.equal(line.state.phase, "lost");
});

test("what comes on a line that was replaced is not listened to", async () => {
  const { place, line } = await open();
  const old = place.wire;
  old.on.closed();
  place.fire();
  old.on.bytes(new Uint8Array(5));
  old.on.closed();
  assert.equal(place.shown.length, 0);
  assert.equal(place.dialled.length, 2);
  assert.equal(line.state.phase, "lost");
});

test("output is acknowledged once it is drawn, and often enough", async () => {
  const { place } = await open();
  place.drawsAtOnce = false;
  for (let n = 0; n < 10; n += 1) place.wire.on.bytes(new Uint8Array(16 * KIB));
  const acks = () => place.controls.filter((one) => one.type === "ack").map((one) => one.received);
  assert.deepEqual(acks(), []);
  for (const drawn of place.undrawn) drawn();
  assert.deepEqual(acks(), [32, 64, 96, 128, 160].map((n) => n * KIB));
});

test("who closes the terminal says so, and the service need not wait", async () => {
  const { place, line } = await open();
  line.stop();
  assert.deepEqual(place.controls.at(-1), { type: "end" });
  assert.equal(place.wire.closed, true);
  assert.equal(place.kept, null);
});

test("only what is on the screen counts for a page that goes", async () => {
  const { place, line } = await open();
  place.drawsAtOnce = false;
  place.wire.on.bytes(new Uint8Array(100));
  place.wire.on.bytes(new Uint8Array(50));
  place.undrawn[0]!();
  line.leave();
  assert.equal(place.kept?.received, 100);
  assert.equal(place.wire.closed, true);
});

test("drawing what an earlier shell said acknowledges nothing of the next", () => {
  const intake = new Intake();
  const late = intake.take(100 * KIB);
  intake.goOn(0, true);
  const soon = intake.take(40 * KIB);
  assert.equal(late(), null);
  assert.equal(soon(), 40 * KIB);
});

test("a megabyte goes in small frames, in order, and waits for the network", async () => {
  const { place, line } = await open();
  const text = new Uint8Array(KIB * KIB).map((_, n) => n % 251);
  place.wire.buffered = MOST_WAITING_BYTES;
  line.type(text);
  assert.equal(place.typed.length, 0);
  place.wire.buffered = 0;
  while (place.timers.size > 0) place.fire();
  assert.ok(place.typed.every((frame) => frame.length <= FRAME_BYTES));
  assert.deepEqual(Buffer.concat(place.typed), Buffer.from(text));
});

test("the network's own buffer is never filled far beyond what it takes", () => {
  const outbox = new Outbox();
  let buffered = 0;
  outbox.put(new Uint8Array(KIB * KIB));
  assert.equal(outbox.pour({ send: (bytes) => (buffered += bytes.length), buffered: () => buffered }), true);
  assert.ok(buffered < MOST_WAITING_BYTES + FRAME_BYTES);
});

test("what had not gone out when the line broke is dropped, and that is said", async () => {
  const { place, line } = await open();
  place.wire.buffered = MOST_WAITING_BYTES;
  line.type(new Uint8Array(10));
  place.wire.on.closed();
  assert.equal(line.state.isCut, true);
  place.fire();
  place.opened();
  assert.equal(place.typed.length, 0);
});

test("nothing is typed while it is held, lost, or only watched", async () => {
  const { place, line } = await open();
  place.hear({ type: "held", why: "paused" });
  line.type(new Uint8Array(1));
  place.hear({ type: "released" });
  line.type(new Uint8Array(2));
  assert.deepEqual(place.typed.map((one) => one.length), [2]);
  const watched = await open({ mode: "watch", columns: 100, rows: 30 });
  watched.line.type(new Uint8Array(1));
  watched.line.resize(10, 10);
  assert.equal(watched.place.wire.said.length, 1);
  assert.deepEqual(watched.place.sizes, [[100, 30]]);
  watched.place.hear({ type: "size", columns: 90, rows: 20 });
  assert.deepEqual(watched.place.sizes.at(-1), [90, 20]);
});

test("who keeps company is known until it is closed", async () => {
  const { place, line } = await open();
  place.hear({ type: "company", joined: ["Kari"] });
  assert.deepEqual(line.state.joined, ["Kari"]);
  place.hear({ type: "closed", reason: "reset" });
  assert.deepEqual(line.state.joined, []);
});

test("a line that is back is tried at once", async () => {
  const { place, line } = await open();
  line.drop();
  line.hurry();
  assert.equal(place.dialled.length, 2);
});
