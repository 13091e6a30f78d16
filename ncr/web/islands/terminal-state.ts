/** What is known of a terminal, what is said on its line, and what the line needs of the browser and the screen; pure. */

export type Mode = "own" | "watch" | "join";
export type Phase = "opening" | "open" | "lost" | "closed";

/** What brings a browser back to its shell, also after the page was loaded anew; `received` is what it had drawn. */
export interface Memory {
  url: string;
  secret: string;
  received: number;
}

export interface Ticket {
  ticket: string;
  url: string;
}

/** Why there is no ticket: a reason as in State, and the service's own words. */
export class Refused extends Error {
  constructor(
    readonly reason: string,
    detail = "",
  ) {
    super(detail);
  }
}

export interface State {
  phase: Phase;
  mode: Mode;
  session: string | null;
  held: "paused" | "building" | null;
  watching: readonly string[];
  joined: readonly string[];
  /** Why it is closed; the service's words for it; and how the shell ended. */
  reason: string | null;
  detail: string;
  exitCode: number | null;
  /** The shell from before was gone: this is another. */
  isAnother: boolean;
  /** Some of what was typed when the line broke may not have arrived. */
  isCut: boolean;
}

export interface Wire {
  send(data: string | Uint8Array): void;
  close(): void;
  buffered(): number;
}

export interface Events {
  opened(): void;
  text(data: string): void;
  bytes(data: Uint8Array): void;
  closed(): void;
}

/** What the line needs of a browser; tests put their own in its place. */
export interface Means {
  ticket(): Promise<Ticket>;
  dial(url: string, on: Events): Wire;
  keep(memory: Memory | null): void;
  random(): number;
  later(work: () => void, ms: number): number;
  never(timer: number): void;
}

/** The screen: told what to draw, and asked how large it is. */
export interface Screen {
  size(): { columns: number; rows: number };
  /** Another shell begins: nothing that is shown belongs to it. */
  clear(): void;
  draw(bytes: Uint8Array, drawn: () => void): void;
  resize(columns: number, rows: number): void;
  changed(state: State): void;
}

export type Control =
  | { type: "opened"; session: string; secret: string; mode: Mode; from: number; columns: number; rows: number }
  | { type: "company"; watching?: string[]; joined?: string[] }
  | { type: "held"; why: "paused" | "building" }
  | { type: "released" }
  | { type: "size"; columns: number; rows: number }
  | { type: "closed"; reason: string; exit_code?: number | null; detail?: string };

export const START: State = {
  phase: "opening", mode: "own", session: null, held: null, watching: [], joined: [],
  reason: null, detail: "", exitCode: null, isAnother: false, isCut: false,
};
