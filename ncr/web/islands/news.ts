/** Facts in words: for the ticker, and for those who hear the board instead of seeing it; pure. */

import { standings, type Board, type Fact, type Language, type Moment, type Turn } from "./board.js";
import { number, say, sayAny, textOf } from "./messages.js";

const CLOCK = ["opened", "paused", "resumed", "extended", "finished"] as const;

export interface News {
  key: string;
  seq: number;
  at: string;
  text: string;
  first: boolean;
}

/** The last `most` things worth telling, newest first: solves, the clock, services that turned, injects. */
export function news(board: Board, language: Language, most: number): News[] {
  const facts = board.facts.flatMap((fact) => worded(board, fact, language) ?? []);
  const turns = board.turns.map((turn) => turned(board, turn, language));
  const injects = board.timeline.flatMap((moment) => fired(moment, language) ?? []);
  const told = [...facts, ...turns, ...injects].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return told.slice(-most).reverse();
}

/** Who leads, in a sentence; empty before anybody has points. */
export function leader(board: Board, language: Language): string {
  const first = standings(board)[0];
  if (!first || first.points <= 0 || first.rank === null) return "";
  return say(language, "leads", { team: first.name, points: number(first.points, language) });
}

function worded(board: Board, fact: Fact, language: Language): News | null {
  const base = { key: `fact ${fact.seq}`, seq: fact.seq, at: fact.at, first: false };
  const clock = CLOCK.find((kind) => kind === fact.kind);
  if (clock) return { ...base, text: say(language, clock) };
  if (fact.kind !== "submitted" || fact.payload.right !== true || !fact.team) return null;
  const id = String(fact.payload.task);
  const row = board.rows[fact.team];
  const first = row?.tasks[id]?.order === 1;
  const values = { team: row?.name ?? fact.team, task: textOf(board.tasks[id]?.title, language) || id };
  return { ...base, first, text: say(language, first ? "solvedFirst" : "solvedTask", values) };
}

function turned(board: Board, turn: Turn, language: Language): News {
  const known = board.services[turn.check];
  const check = textOf(known?.title, language) || known?.service || turn.check;
  const values = { team: board.rows[turn.team]?.name ?? turn.team, check, state: sayAny(language, turn.to) };
  const key = `${turn.seq} ${turn.team} ${turn.check}`;
  return { key, seq: turn.seq, at: turn.at, first: false, text: say(language, "turned", values) };
}

function fired(moment: Moment, language: Language): News | null {
  if (moment.kind !== "inject" || moment.state !== "done" || !moment.at) return null;
  const title = textOf(moment.title, language) || moment.inject;
  return { key: `inject ${moment.inject}`, seq: 0, at: moment.at, first: false, text: `${say(language, "inject")}: ${title}` };
}
