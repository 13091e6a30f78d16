/** Facts in words: for the ticker, and for those who hear the board instead of seeing it; pure. */

import { standings, type Board, type Fact, type Language } from "./board.js";
import { number, say, textOf } from "./messages.js";

const CLOCK = ["opened", "paused", "resumed", "extended", "finished"] as const;

export interface News {
  seq: number;
  at: string;
  text: string;
  first: boolean;
}

/** The last `most` facts worth telling, newest first. */
export function news(board: Board, language: Language, most: number): News[] {
  const told = board.facts.flatMap((fact) => worded(board, fact, language) ?? []);
  return told.slice(-most).reverse();
}

/** Who leads, in a sentence; empty before anybody has points. */
export function leader(board: Board, language: Language): string {
  const first = standings(board)[0];
  if (!first || first.points <= 0 || first.rank === null) return "";
  return say(language, "leads", { team: first.name, points: number(first.points, language) });
}

function worded(board: Board, fact: Fact, language: Language): News | null {
  const base = { seq: fact.seq, at: fact.at, first: false };
  const clock = CLOCK.find((kind) => kind === fact.kind);
  if (clock) return { ...base, text: say(language, clock) };
  if (fact.kind !== "submitted" || fact.payload.right !== true || !fact.team) return null;
  const id = String(fact.payload.task);
  const row = board.rows[fact.team];
  const first = row?.tasks[id]?.order === 1;
  const values = { team: row?.name ?? fact.team, task: textOf(board.tasks[id]?.title, language) || id };
  return { ...base, first, text: say(language, first ? "solvedFirst" : "solvedTask", values) };
}
