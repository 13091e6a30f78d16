/** What a terminal needs of the browser and the service: tickets, sockets, timers, and a memory that outlives a reload. */

import { Refused, type Means, type Memory, type Mode, type Ticket } from "./terminal-state.js";

const PATIENCE_MS = 15_000;
const SUBPROTOCOL = "ncr.terminal.v1";

/** Which shell is wanted: the own team's, or for staff `participant`'s, or beside somebody's open `session`. */
export interface Wanted {
  exercise: string;
  entry: string;
  participant?: string | undefined;
  mode?: Mode | undefined;
  session?: string | undefined;
  /** Tells several terminals of one page from each other. */
  slot: string;
}

export function meansFor(wanted: Wanted): Means {
  return {
    ticket: () => ask(wanted),
    dial(url, on) {
      const socket = new WebSocket(url, SUBPROTOCOL);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => on.opened();
      socket.onclose = () => on.closed();
      socket.onmessage = ({ data }) =>
        data instanceof ArrayBuffer ? on.bytes(new Uint8Array(data)) : on.text(String(data));
      return {
        send: (data) => socket.readyState === WebSocket.OPEN && socket.send(data as Uint8Array<ArrayBuffer>),
        close: () => socket.close(),
        buffered: () => socket.bufferedAmount,
      };
    },
    keep: (memory) => keep(keyOf(wanted), memory && JSON.stringify(memory)),
    random: () => Math.random(),
    later: (work, ms) => window.setTimeout(work, ms),
    never: (timer) => window.clearTimeout(timer),
  };
}

/** The shell this page had before it was loaded anew, and what its screen showed. */
export function remembered(wanted: Wanted): { memory: Memory; screen: string } | null {
  const memory = sessionStorage.getItem(keyOf(wanted));
  return memory ? { memory: JSON.parse(memory) as Memory, screen: sessionStorage.getItem(`${keyOf(wanted)}.screen`) ?? "" } : null;
}

/** Keep what the screen shows; null forgets it. */
export function keepScreen(wanted: Wanted, screen: string | null): void {
  keep(`${keyOf(wanted)}.screen`, screen);
}

function keyOf({ exercise, entry, participant, session, slot }: Wanted): string {
  return ["terminal", exercise, participant ?? "", entry, session ?? "", slot].join(".");
}

function keep(key: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // A full or forbidden storage costs coming back after a reload, nothing more.
  }
}

async function ask(wanted: Wanted): Promise<Ticket> {
  const { exercise, entry, participant, mode, session } = wanted;
  const path = `/api/v1/exercises/${encodeURIComponent(exercise)}/entries/${encodeURIComponent(entry)}/tickets`;
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ participant, mode, session }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (answer.ok) return (await answer.json()) as Ticket;
  if (answer.status >= 500) throw new Error(`the service answers ${answer.status}`);
  const problem = (await answer.json().catch(() => ({}))) as { type?: string; detail?: string };
  throw new Refused(reasonFor(answer.status, problem.type ?? ""), problem.detail);
}

/** The reason, as a terminal that is closed gives it, for a ticket that was not given. */
export function reasonFor(status: number, type: string): string {
  if (type.endsWith(":not-open")) return "not-open";
  return { 401: "signed-out", 403: "forbidden", 404: "gone", 429: "limit" }[status] ?? "refused";
}
