/** The board as frames make it: `apply(board, frame, now)` gives the next one and changes nothing; pure. */

export type Language = "nb" | "en";
export type Words = Partial<Record<Language, string>>;
export type Service = "up" | "degraded" | "recovering" | "down" | "error" | "unknown";

export interface Row {
  team: string;
  name: string;
  partner: string | null;
  rank: number | null;
  points: number;
  tasks: Record<string, { points: number; order: number | null }>;
  services: Record<string, Service>;
  last_solve: string | null;
  solved: number;
}

export interface Fact {
  seq: number;
  at: string;
  t: number;
  kind: string;
  team: string | null;
  payload: Record<string, unknown>;
}

export interface Clock {
  t_s: number;
  at: string | null;
  rate: number;
  runs: boolean;
  duration_s: number;
  starts_at: string | null;
  ended_at: string | null;
}

export interface Task {
  value: number;
  solves: number;
  category: string;
  title: Words;
}

export interface Moment {
  kind: string;
  inject?: string;
  title?: Words | null;
  clock: "wall" | "exercise";
  offset_s: number | null;
  state: string;
  at: string | null;
}

export interface Message {
  id: number;
  at: string;
  t: number;
  inject: string | null;
  from: Words | null;
  title: Words | null;
  text: Words;
}

/** A service that went from one state to another; `at` is the service's time of hearing it (RFC 3339). */
export interface Turn {
  seq: number;
  at: string;
  team: string;
  check: string;
  to: Service;
}

interface Life {
  state: string;
  frozen: boolean;
  clock: Clock;
}

export type Frame =
  | ({ type: "hello"; epoch: string; head: number; resume: boolean; audience: string; server_time: string } & Life)
  | {
      type: "snapshot";
      seq: number;
      epoch: string;
      frozen: boolean;
      standings: Row[];
      tasks: Record<string, Task>;
      timeline: Moment[];
      services: Record<string, { service: string; title: Words | null }>;
      latest: Fact[];
    }
  | {
      type: "facts";
      from: number;
      to: number;
      facts: Fact[];
      rows: Row[];
      order: string[];
      tasks?: Record<string, Task>;
      own?: Row | null;
    }
  | ({ type: "state"; timeline: Moment[] } & Life)
  | ({ type: "message" } & Message)
  | ({ type: "inject" } & Moment)
  | { type: "beat"; head: number; server_time: string }
  | { type: "bye"; reason: "slow" | "signed-out" | "finished" | "restart"; retry_after: number | null };

export type Step = readonly [number, number];

export interface Board {
  /** The last fact seen, and the ledger it is of; null before the first snapshot. */
  seq: number | null;
  epoch: string | null;
  audience: string | null;
  life: Life | null;
  /** Milliseconds the server's clock is ahead of ours. */
  skew: number;
  rows: Readonly<Record<string, Row>>;
  order: readonly string[];
  own: Row | null;
  tasks: Readonly<Record<string, Task>>;
  services: Readonly<Record<string, { service: string; title: Words | null }>>;
  timeline: readonly Moment[];
  facts: readonly Fact[];
  turns: readonly Turn[];
  messages: readonly Message[];
  /** Places won (above zero) or lost by changes less than a minute apart, and the last one's time (our clock, ms). */
  moved: Readonly<Record<string, { by: number; at: number }>>;
  /** [our clock in ms, points], oldest first: from nothing at the start, then as far as this page has seen them. */
  history: Readonly<Record<string, readonly Step[]>>;
  /** A frame did not follow from the last: what is shown is right as of `seq`, but must be resumed from there. */
  gap: boolean;
}

export const EMPTY: Board = {
  seq: null,
  epoch: null,
  audience: null,
  life: null,
  skew: 0,
  rows: {},
  order: [],
  own: null,
  tasks: {},
  services: {},
  timeline: [],
  facts: [],
  turns: [],
  messages: [],
  moved: {},
  history: {},
  gap: false,
};

const FACTS_KEPT = 40;
const MESSAGES_KEPT = 200;
const HISTORY_KEPT = 120;
const MINUTE_MS = 60_000;
// What is worth telling of a service; that a check failed or has not run says nothing of it.
const TOLD: readonly Service[] = ["up", "degraded", "recovering", "down"];

export function apply(board: Board, frame: Frame, now: number): Board {
  switch (frame.type) {
    case "hello":
      return greeted(board, frame, now);
    case "snapshot":
      return replaced(board, frame, now);
    case "facts":
      return advanced(board, frame, now);
    case "state":
      return { ...board, life: lifeOf(frame), timeline: frame.timeline };
    case "message":
      return { ...board, messages: withMessage(board.messages, frame) };
    case "inject":
      return { ...board, timeline: board.timeline.map((moment) => (isSame(moment, frame) ? frame : moment)) };
    case "beat":
      return { ...board, skew: Date.parse(frame.server_time) - now };
    case "bye":
      return board;
  }
}

/** The rows in order, best first. */
export function standings(board: Board): Row[] {
  return board.order.flatMap((team) => board.rows[team] ?? []);
}

/** A team's row; behind a freeze the own team's with what it has done since. */
export function rowOf(board: Board, team: string): Row | undefined {
  return board.own?.team === team ? board.own : board.rows[team];
}

/** Where a new connection goes on, as a query string. */
export function resumeQuery(board: Board): string {
  if (board.seq === null || board.epoch === null) return "";
  const message = board.messages.reduce((last, one) => Math.max(last, one.id), 0);
  return `?after=${board.seq}&epoch=${encodeURIComponent(board.epoch)}&message=${message}`;
}

function greeted(board: Board, frame: Extract<Frame, { type: "hello" }>, now: number): Board {
  const skew = Date.parse(frame.server_time) - now;
  const base = { ...board, audience: frame.audience, life: lifeOf(frame), skew, gap: false };
  // Without a resume nothing that was counted before may be built upon; what is on the screen may stay until replaced.
  return frame.resume ? base : { ...base, epoch: frame.epoch, seq: null };
}

function replaced(board: Board, frame: Extract<Frame, { type: "snapshot" }>, now: number): Board {
  const order = frame.standings.map((row) => row.team);
  const { tasks, timeline, services } = frame;
  const next = { ...board, seq: frame.seq, epoch: frame.epoch, tasks, timeline, services, own: null, gap: false };
  const turns = board.turns.filter((turn) => turn.seq <= frame.seq);
  return withRows({ ...next, facts: frame.latest, turns }, Object.fromEntries(frame.standings.map((row) => [row.team, row])), order, now);
}

function advanced(board: Board, frame: Extract<Frame, { type: "facts" }>, now: number): Board {
  if (board.seq === null || frame.from !== board.seq + 1) return { ...board, gap: true };
  const rows = { ...board.rows, ...Object.fromEntries(frame.rows.map((row) => [row.team, row])) };
  const next = {
    ...board,
    seq: frame.to,
    tasks: { ...board.tasks, ...frame.tasks },
    facts: [...board.facts, ...frame.facts].slice(-FACTS_KEPT),
    turns: [...board.turns, ...turnsOf(board, frame, now)].slice(-FACTS_KEPT),
    own: frame.own ?? board.own,
  };
  return withRows(next, rows, frame.order, now);
}

function turnsOf(board: Board, frame: Extract<Frame, { type: "facts" }>, now: number): Turn[] {
  const at = new Date(now + board.skew).toISOString();
  return frame.rows.flatMap(({ team, services }) => {
    const before = board.rows[team]?.services ?? {};
    const turned = Object.entries(services).filter(([check, to]) => before[check] !== to && TOLD.includes(to));
    return turned.filter(([check]) => TOLD.includes(before[check] ?? "unknown")).map(([check, to]) => ({ seq: frame.to, at, team, check, to }));
  });
}

function withRows(board: Board, rows: Record<string, Row>, order: readonly string[], now: number): Board {
  const moved = { ...board.moved };
  const history: Record<string, readonly Step[]> = {};
  for (const team of order) {
    const row = rows[team];
    if (!row) continue;
    const before = board.rows[team];
    if (before?.rank && row.rank && before.rank !== row.rank) moved[team] = added(moved[team], before.rank - row.rank, now);
    history[team] = grown(board.history[team] ?? [[startOf(board, now), 0]], now, row.points);
  }
  return { ...board, rows, order, moved, history };
}

function added(moved: { by: number; at: number } | undefined, by: number, now: number): { by: number; at: number } {
  const recent = moved && now - moved.at < MINUTE_MS ? moved.by : 0;
  return { by: recent + by, at: now };
}

function grown(steps: readonly Step[], now: number, points: number): readonly Step[] {
  if (steps.at(-1)?.[1] === points) return steps;
  const grown: readonly Step[] = [...steps, [now, points]];
  // Of the older half every other goes: a long exercise stays in the picture as a whole.
  return grown.length <= HISTORY_KEPT ? grown : grown.filter((_, i) => i === 0 || i >= HISTORY_KEPT / 2 || i % 2 === 0);
}

/** When the exercise began, by our clock; pauses make it a little later than it was. */
function startOf(board: Board, now: number): number {
  const clock = board.life?.clock;
  if (!clock?.at || clock.rate <= 0) return now;
  return Math.min(now, Date.parse(clock.at) - board.skew - (clock.t_s / clock.rate) * 1000);
}

function withMessage(messages: readonly Message[], message: Message): readonly Message[] {
  if (messages.some((one) => one.id === message.id)) return messages;
  return [...messages, message].sort((a, b) => a.id - b.id).slice(-MESSAGES_KEPT);
}

function lifeOf({ state, frozen, clock }: Life): Life {
  return { state, frozen, clock };
}

function isSame(moment: Moment, other: Moment): boolean {
  return moment.kind === other.kind && moment.inject === other.inject;
}
