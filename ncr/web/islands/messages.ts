/** What the islands say, bokmål and English. */

import type { Language, Words } from "./board.js";

const WORDS = {
  scoreboard: ["Poengtavle", "Scoreboard"],
  place: ["Plass", "Place"],
  team: ["Lag", "Team"],
  partner: ["Partner", "Partner"],
  points: ["Poeng", "Points"],
  trend: ["Utvikling", "Trend"],
  solved: ["Løst", "Solved"],
  firstSolve: ["løst først", "first solve"],
  services: ["Tjenester", "Services"],
  latest: ["Siste nytt", "Latest"],
  nothingYet: ["Ingenting har skjedd ennå.", "Nothing has happened yet."],
  noTeams: ["Ingen lag ennå.", "No teams yet."],
  noMessages: ["Ingen meldinger ennå.", "No messages yet."],
  noChecks: ["Ikke sjekket ennå.", "Not checked yet."],
  noMoments: ["Ingenting er planlagt.", "Nothing is planned."],
  exerciseTime: ["Spilltid", "Exercise time"],
  realTime: ["Sanntid", "Real time"],
  timeLeft: ["Igjen", "Time left"],
  startsIn: ["Starter om", "Starts in"],
  notStarted: ["Ikke startet", "Not started"],
  frozen: ["Poengtavla er fryst. Det som skjer nå, vises når den tines.", "The scoreboard is frozen. What happens now is shown when it thaws."],
  frozenStaff: ["Poengtavla er fryst for lagene og publikum.", "The scoreboard is frozen for teams and the public."],
  connecting: ["Kobler til …", "Connecting …"],
  lost: ["Mistet forbindelsen. Prøver igjen …", "Lost the connection. Trying again …"],
  "signed-out": ["Du er logget ut. Last siden på nytt for å logge inn.", "You are signed out. Reload the page to sign in."],
  over: ["Øvelsen er avsluttet.", "The exercise is over."],
  live: ["Direkte", "Live"],
  up: ["oppe", "up"],
  degraded: ["ustabil", "degraded"],
  recovering: ["henter seg inn", "recovering"],
  down: ["nede", "down"],
  error: ["sjekken feilet", "check failed"],
  unknown: ["ukjent", "unknown"],
  roseBy: ["opp {n}", "up {n}"],
  fellBy: ["ned {n}", "down {n}"],
  solvedTask: ["{team} løste {task}", "{team} solved {task}"],
  solvedFirst: ["{team} løste {task} først", "{team} solved {task} first"],
  leads: ["{team} leder med {points} poeng", "{team} leads with {points} points"],
  opened: ["Øvelsen er i gang", "The exercise has started"],
  paused: ["Øvelsen er satt på pause", "The exercise is paused"],
  resumed: ["Øvelsen fortsetter", "The exercise goes on"],
  extended: ["Øvelsen er forlenget", "The exercise is extended"],
  finished: ["Øvelsen er ferdig", "The exercise has finished"],
  open: ["Start", "Start"],
  freeze: ["Poengtavla fryses", "The scoreboard freezes"],
  close: ["Slutt", "End"],
  inject: ["Innspill", "Inject"],
  waiting: ["kommer", "coming"],
  claimed: ["skjer nå", "happening now"],
  done: ["skjedd", "done"],
  skipped: ["hoppet over", "skipped"],
  missed: ["ikke rukket", "missed"],
  failed: ["feilet", "failed"],
  manual: ["på ordre", "on order"],
  from: ["fra", "from"],
  morePages: ["Viser plass {from}–{to} av {all}", "Showing places {from}–{to} of {all}"],
} as const satisfies Record<string, readonly [string, string]>;

export type Key = keyof typeof WORDS;

/** The words for `key`, with `{name}` filled in from `values`. */
export function say(language: Language, key: Key, values: Record<string, string | number> = {}): string {
  const text: string = WORDS[key][language === "nb" ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The words for a key that comes from outside; itself when there are none. */
export function sayAny(language: Language, key: string): string {
  return key in WORDS ? say(language, key as Key) : key;
}

/** A scenario's own text in the language, or in the other. */
export function textOf(words: Words | null | undefined, language: Language): string {
  return words?.[language] || words?.[language === "nb" ? "en" : "nb"] || "";
}

/** A number as the language writes it. */
export function number(value: number, language: Language): string {
  return value.toLocaleString(language === "nb" ? "nb-NO" : "en-GB", { maximumFractionDigits: 2 });
}
