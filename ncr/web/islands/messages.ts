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
  roseBy: ["opp {n} det siste minuttet", "up {n} in the last minute"],
  fellBy: ["ned {n} det siste minuttet", "down {n} in the last minute"],
  solvedTask: ["{team} løste {task}", "{team} solved {task}"],
  solvedFirst: ["{team} løste {task} først", "{team} solved {task} first"],
  turned: ["{team}: «{check}» {state}", "{team}: “{check}” {state}"],
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
  behindOf: ["{points} poeng bak {team}", "{points} points behind {team}"],
  aheadOf: ["{points} poeng foran {team}", "{points} points ahead of {team}"],
  levelWith: ["likt med {team}", "level with {team}"],
  ownBehindFreeze: ["Poengene er deres egne nå; plassen er som da tavla ble fryst.", "The points are your own now; the place is as when the board was frozen."],
  right: ["Riktig! Laget har nå {points} poeng.", "Correct! The team now has {points} points."],
  wrong: ["Ikke riktig.", "Not correct."],
  attemptsLeft: ["Forsøk igjen: {n}", "Attempts left: {n}"],
  noAttempts: ["Ingen forsøk igjen.", "No attempts left."],
  sending: ["Leverer …", "Submitting …"],
  emptyAnswer: ["Skriv et svar først.", "Write an answer first."],
  chooseAnswer: ["Velg et svar først.", "Choose an answer first."],
  unreachable: ["Vi fikk ikke kontakt med tjenesten. Svaret står fortsatt her; prøv igjen.", "The service could not be reached. Your answer is still here; try again."],
  notOpen: ["Øvelsen er ikke åpen nå. Svaret ble ikke levert.", "The exercise is not open now. The answer was not submitted."],
  refused: ["Svaret ble ikke tatt imot: oppgaven er låst eller forsøkene er brukt opp.", "The answer was not accepted: the task is locked, or the attempts are used up."],
  tooMany: ["For mange forsøk. Vent {s} sekunder og prøv igjen.", "Too many attempts. Wait {s} seconds and try again."],
  notSignedIn: ["Du er logget ut. Ta vare på svaret, logg inn og prøv igjen.", "You are signed out. Keep your answer, sign in and try again."],
  notYours: ["Du kan ikke levere svar på denne oppgaven.", "You cannot submit answers to this task."],
  notSubmitted: ["Svaret ble ikke levert. Det står fortsatt her; prøv igjen.", "The answer was not submitted. It is still here; try again."],
  stateChanged: ["Øvelsen har endret tilstand. Når du har skrevet ferdig:", "The exercise has changed its state. When you have finished writing:"],
  refresh: ["Oppdater siden", "Refresh the page"],
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
