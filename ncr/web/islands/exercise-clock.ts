/** <exercise-clock>: exercise time, real time, time left; a countdown before the start. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Island, look } from "./island.js";
import { say, sayAny } from "./messages.js";
import { renewPage } from "./renewal.js";
import { span, timeOfDay, timesAt } from "./times.js";
import type { Board, Language } from "./board.js";

/** The clock's parts, also for the scoreboard's head. */
export function clockParts(board: Board, now: number, language: Language): TemplateResult {
  const { life, skew } = board;
  const times = life ? timesAt(life.clock, life.state, now, skew) : { t_s: null, left_s: null };
  const label = times.t_s !== null && times.t_s < 0 ? say(language, "startsIn") : say(language, "exerciseTime");
  const shown = times.t_s === null ? say(language, "notStarted") : span(times.t_s);
  return html`<dl>
    <div class="main"><dt>${label}</dt><dd class="number">${shown}</dd></div>
    ${times.left_s === null ? nothing : html`<div><dt>${say(language, "timeLeft")}</dt><dd class="number">${span(times.left_s)}</dd></div>`}
    <div><dt>${say(language, "realTime")}</dt><dd class="number">${timeOfDay(now + skew, language)}</dd></div>
    ${life?.state === "paused" ? html`<div class="state">‖ ${sayAny(language, "paused")}</div>` : nothing}
  </dl>`;
}

export const clockLook = css`
  dl { display: flex; flex-wrap: wrap; gap: .4rem 1.6rem; margin: 0; align-items: end; }
  dt { color: var(--ink-muted, #4b5a6e); font-size: .84em; }
  dd { margin: 0; font-size: 1.3em; font-weight: 700; line-height: 1.2; }
  .state { color: var(--warn, #875200); font-weight: 700; }
`;

export class ExerciseClock extends Island {
  static override styles = [look, clockLook, css`:host { margin: 0 0 1rem; }`];
  protected override ticks = true;

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get("board")?.life?.state;
    // Tasks, buttons and words around the clock are the service's drawing, and follow the state.
    if (before && before !== this.board.life?.state) renewPage(this.language);
  }

  override render(): TemplateResult {
    if (!this.board.life) return html`<slot></slot>`;
    return clockParts(this.board, this.now, this.language);
  }
}
