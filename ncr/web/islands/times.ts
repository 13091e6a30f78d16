/** Exercise time and real time from a clock as the server tells it; pure. */

import type { Clock, Language } from "./board.js";

export interface Times {
  /** Exercise seconds; below zero before the planned start; null when neither runs nor is planned. */
  t_s: number | null;
  left_s: number | null;
}

/** The exercise's own time at `now`, our clock corrected by `skew` (both ms). */
export function timesAt(clock: Clock, state: string, now: number, skew: number): Times {
  const server = now + skew;
  if (clock.starts_at && ["draft", "scheduled", "preparing", "ready"].includes(state)) {
    const since = (server - Date.parse(clock.starts_at)) / 1000;
    // Open is decided by the clock, not by the tick that says so.
    const t_s = state === "ready" ? since * (since > 0 ? clock.rate : 1) : Math.min(since, 0);
    return { t_s, left_s: t_s >= 0 ? Math.max(0, clock.duration_s - t_s) : null };
  }
  if (!clock.runs && clock.t_s === 0 && !clock.ended_at) return { t_s: null, left_s: null };
  const ran = clock.runs && clock.at ? Math.max(0, (server - Date.parse(clock.at)) / 1000) * clock.rate : 0;
  const t_s = Math.min(clock.t_s + ran, clock.duration_s);
  return { t_s, left_s: clock.duration_s - t_s };
}

/** Seconds as h:mm:ss. */
export function span(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** The time of day with seconds, 24-hour, in the viewer's zone. */
export function timeOfDay(at: number, language: Language): string {
  return new Date(at).toLocaleTimeString(language === "nb" ? "nb-NO" : "en-GB", { hour12: false });
}
