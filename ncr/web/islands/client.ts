/** The live connection: one per page and exercise, shared by all islands; comes back by itself where it left off. */

import { EMPTY, apply, resumeQuery, type Board, type Frame } from "./board.js";

export type Link = "connecting" | "live" | "lost" | "over" | "signed-out";
export type Listener = (board: Board, link: Link) => void;

const SILENCE_MS = 45_000;
const LONGEST_WAIT_MS = 30_000;
const SOCKET_TRIES = 2;

interface Line {
  close(): void;
}

/** What the connection needs of a browser; tests put their own in its place. */
export interface Browser {
  socket(path: string, on: Events): Line;
  stream(path: string, on: Events): Line;
  now(): number;
  random(): number;
  later(work: () => void, ms: number): number;
  never(timer: number): void;
}

export interface Events {
  frame(text: string): void;
  closed(): void;
}

export class Connection {
  board: Board = EMPTY;
  link: Link = "connecting";
  private readonly listeners = new Set<Listener>();
  private line: Line | null = null;
  private timer = 0;
  private failures = 0;

  constructor(
    private readonly exercise: string,
    private readonly browser: Browser,
  ) {}

  /** Hear of every change, starting with how things stand; returns what ends it. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.dial();
    listener(this.board, this.link);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.hangUp();
    };
  }

  /** Try now instead of later: the network is back. */
  hurry(): void {
    if (this.link === "lost" && this.listeners.size > 0) this.dial();
  }

  private dial(): void {
    this.hangUp();
    const path = `/api/v1/exercises/${encodeURIComponent(this.exercise)}/live`;
    const query = resumeQuery(this.board);
    // Some networks break WebSockets: after two in vain every other try is a plain event stream.
    const streams = this.failures >= SOCKET_TRIES && this.failures % 2 === 0;
    let line: Line | null = null;
    const isCurrent = () => line !== null && this.line === line;
    const on: Events = {
      frame: (text) => isCurrent() && this.take(text),
      closed: () => isCurrent() && this.lose(),
    };
    line = streams ? this.browser.stream(`${path}.sse${query}`, on) : this.browser.socket(path + query, on);
    this.line = line;
    this.expectLife();
  }

  private hangUp(): void {
    this.browser.never(this.timer);
    const line = this.line;
    this.line = null;
    line?.close();
  }

  private take(text: string): void {
    const frame = JSON.parse(text) as Frame;
    this.board = apply(this.board, frame, this.browser.now());
    if (frame.type === "hello") {
      this.failures = 0;
      this.link = "live";
    }
    if (frame.type === "bye") {
      this.part(frame.reason, frame.retry_after ?? 0);
    } else if (this.board.gap) {
      this.lose(0);
    } else {
      this.expectLife();
    }
    this.tell();
  }

  private part(reason: string, retry_s: number): void {
    if (reason === "finished" || reason === "signed-out") {
      this.hangUp();
      this.link = reason === "finished" ? "over" : "signed-out";
    } else {
      this.lose(retry_s * 1000);
    }
  }

  private lose(least_ms = 0): void {
    this.hangUp();
    this.link = "lost";
    const wait_ms = Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.failures) * (0.5 + this.browser.random());
    this.failures += 1;
    this.timer = this.browser.later(() => this.dial(), Math.max(least_ms, wait_ms));
    this.tell();
  }

  private expectLife(): void {
    this.browser.never(this.timer);
    this.timer = this.browser.later(() => this.lose(), SILENCE_MS);
  }

  private tell(): void {
    for (const listener of this.listeners) listener(this.board, this.link);
  }
}

const pageBrowser: Browser = {
  socket(path, on) {
    const address = new URL(path, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address, "ncr.v1.json");
    socket.onmessage = (event) => on.frame(String(event.data));
    socket.onclose = () => on.closed();
    return socket;
  },
  stream(path, on) {
    const stream = new EventSource(path);
    stream.onmessage = (event) => on.frame(String(event.data));
    stream.onerror = () => on.closed();
    return stream;
  },
  now: () => Date.now(),
  random: () => Math.random(),
  later: (work, ms) => window.setTimeout(work, ms),
  never: (timer) => window.clearTimeout(timer),
};

const connections = new Map<string, Connection>();

/** This page's connection to the exercise. */
export function connectionTo(exercise: string): Connection {
  let connection = connections.get(exercise);
  if (!connection) {
    connection = new Connection(exercise, pageBrowser);
    connections.set(exercise, connection);
    window.addEventListener("online", () => connection?.hurry());
  }
  return connection;
}
