/** A terminal's state in words; pure. */

import type { Language } from "./board.js";
import { say, type Key } from "./messages.js";
import type { State } from "./terminal-state.js";

export interface Said {
  tone: "" | "bad" | "good";
  text: string;
}

const REASONS: Record<string, Key> = {
  exit: "shellExit", reset: "shellReset", finished: "shellFinished", container: "shellContainer", engine: "shellEngine",
  "signed-out": "signed-out", limit: "shellLimit", slow: "shellSlow", "taken-over": "shellTakenOver",
  restart: "shellRestart", refused: "shellRefused", "not-open": "shellNotOpen", forbidden: "shellForbidden", gone: "shellGone",
};

/** Whether another try makes sense after this reason. */
export function mayStartAgain(reason: string | null): boolean {
  return !["finished", "signed-out", "forbidden", "gone"].includes(reason ?? "");
}

/** All that is to be said now, the most important first. */
export function words(state: State, language: Language): Said[] {
  return [main(state, language), held(state, language), company(state, language), ...notes(state, language)].filter(
    (said): said is Said => said !== null,
  );
}

function main(state: State, language: Language): Said | null {
  if (state.phase === "opening") return { tone: "", text: say(language, "shellOpening") };
  if (state.phase === "lost") return { tone: "bad", text: say(language, state.session ? "shellLost" : "lost") };
  return state.phase === "closed" ? { tone: "bad", text: farewell(state, language) } : null;
}

function farewell({ reason, detail, exitCode }: State, language: Language): string {
  const text = say(language, REASONS[reason ?? ""] ?? "shellEnded", { code: exitCode ?? "–" });
  // A shell that ended well needs no number.
  const plain = reason === "exit" && !exitCode ? say(language, "shellEnded") : text;
  return reason === "refused" && detail ? `${plain} (${detail})` : plain;
}

function held(state: State, language: Language): Said | null {
  if (!state.held) return null;
  return { tone: "", text: say(language, state.held === "paused" ? "heldPaused" : "heldBuilding") };
}

function company(state: State, language: Language): Said | null {
  const names = (those: readonly string[]) => new Intl.ListFormat(language).format(those);
  const said = [
    state.joined.length > 0 ? say(language, "joined", { names: names(state.joined) }) : "",
    state.watching.length > 0 ? say(language, "watching", { names: names(state.watching) }) : "",
  ];
  return said.some(Boolean) ? { tone: "", text: said.filter(Boolean).join(" ") } : null;
}

function notes(state: State, language: Language): (Said | null)[] {
  if (state.phase !== "open") return [];
  return [
    state.mode === "watch" ? { tone: "", text: say(language, "youWatch") } : null,
    state.mode === "join" ? { tone: "", text: say(language, "youJoined") } : null,
    state.isAnother ? { tone: "", text: say(language, "shellAnother") } : null,
    state.isCut ? { tone: "bad", text: say(language, "shellCut") } : null,
  ];
}
