import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection, type Browser, type Events, type Link } from "./client.js";

const CLOCK = { t_s: 0, at: null, rate: 1, runs: false, duration_s: 60, starts_at: null, ended_at: null };

class Network implements Browser {
  dialled: { path: string; on: Events; closed: boolean }[] = [];
  timers = new Map<number, { work: () => void; ms: number }>();
  private next = 1;

  socket = (path: string, on: Events) => this.dial(path, on);
  stream = (path: string, on: Events) => this.dial(path, on);
  now = () => Date.parse("2027-03-01T09:00:00Z");
  random = () => 0.5;
  later = (work: () => void, ms: number) => {
    this.timers.set(this.next, { work, ms });
    return this.next++;
  };
  never = (timer: number) => void this.timers.delete(timer);

  get line() {
    return this.dialled.at(-1)!;
  }

  fire(): number {
    assert.equal(this.timers.size, 1, "one timer at a time");
    const [[id, timer]] = [...this.timers] as [[number, { work: () => void; ms: number }]];
    this.timers.delete(id);
    timer.work();
    return timer.ms;
  }

  say(frame: object): void {
    this.line.on.frame(JSON.stringify(frame));
  }

  greet(resume = false): void {
    this.say({ type: "hello", epoch: "e", head: 4, resume, audience: "public", server_time: "2027-03-01T09:00:00Z", state: "running", frozen: false, clock: CLOCK });
    if (!resume) this.say({ type: "snapshot", seq: 4, epoch: "e", frozen: false, standings: [], tasks: {}, timeline: [], services: {}, latest: [] });
  }

  private dial(path: string, on: Events) {
    const line = { path, on, closed: false, close: () => void (line.closed = true) };
    this.dialled.push(line);
    return line;
  }
}

function follow(): { network: Network; links: Link[]; connection: Connection; leave: () => void } {
  const network = new Network();
  const connection = new Connection("x", network);
  const links: Link[] = [];
  const leave = connection.subscribe((_, link) => links.at(-1) === link || links.push(link));
  return { network, links, connection, leave };
}

test("a lost line says so and goes on where it left off", () => {
  const { network, links } = follow();
  network.greet();
  network.line.on.closed();
  assert.equal(network.fire(), 500);
  assert.equal(network.line.path, "/api/v1/exercises/x/live?after=4&epoch=e&message=0");
  network.greet(true);
  assert.deepEqual(links, ["connecting", "live", "lost", "live"]);
});

test("two sockets in vain, then an event stream; waits grow, but not beyond half a minute", () => {
  const { network } = follow();
  const waits = Array.from({ length: 9 }, () => {
    network.line.on.closed();
    return network.fire();
  });
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  const paths = network.dialled.map((line) => line.path.endsWith(".sse"));
  assert.deepEqual(paths.slice(0, 5), [false, false, true, false, true]);
});

test("45 seconds of silence end the line", () => {
  const { network, links } = follow();
  network.greet();
  network.say({ type: "beat", head: 4, server_time: "2027-03-01T09:00:15Z" });
  assert.equal(network.fire(), 45_000);
  assert.equal(network.line.closed, true);
  assert.equal(links.at(-1), "lost");
});

test("a gap is closed by coming back, not by guessing", () => {
  const { network, connection } = follow();
  network.greet();
  network.say({ type: "facts", from: 6, to: 6, facts: [], rows: [], order: [] });
  assert.equal(connection.board.seq, 4);
  network.fire();
  assert.match(network.line.path, /after=4/);
});

test("after a farewell for good nobody dials again", () => {
  for (const [reason, link] of [["finished", "over"], ["signed-out", "signed-out"]] as const) {
    const { network, links } = follow();
    network.greet();
    network.say({ type: "bye", reason, retry_after: null });
    assert.equal(links.at(-1), link);
    assert.equal(network.timers.size, 0);
    assert.equal(network.line.closed, true);
  }
});

test("asked to come back later, it waits at least that long", () => {
  const { network } = follow();
  network.greet();
  network.say({ type: "bye", reason: "restart", retry_after: 2 });
  assert.equal(network.fire(), 2000);
});

test("a line that was replaced is not listened to any more", () => {
  const { network, connection } = follow();
  network.greet();
  const old = network.line;
  old.on.closed();
  network.fire();
  old.on.frame(JSON.stringify({ type: "facts", from: 5, to: 5, facts: [], rows: [], order: [] }));
  old.on.closed();
  assert.equal(connection.board.seq, 4);
  assert.equal(network.dialled.length, 2);
});

test("when the last island leaves, the line is closed", () => {
  const { network, leave } = follow();
  network.greet();
  leave();
  assert.equal(network.line.closed, true);
  assert.equal(network.timers.size, 0);
});
