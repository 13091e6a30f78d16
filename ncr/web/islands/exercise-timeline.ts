/** <exercise-timeline>: what happened, what happens now and what comes, on the exercise's own clock. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { Moment } from "./board.js";
import { Island, look } from "./island.js";
import { say, sayAny, textOf } from "./messages.js";
import { span } from "./times.js";

const SIGNS: Record<string, string> = { waiting: "○", claimed: "◔", done: "✓", skipped: "–", missed: "✕", failed: "✕" };

export class ExerciseTimeline extends Island {
  static override styles = [
    look,
    css`
      ol { list-style: none; margin: 0; padding: 0; }
      li { display: grid; grid-template-columns: 5.5em 1.4em 1fr auto; gap: .6em; padding: .4em 0; border-bottom: 1px solid var(--line, #cdd5df); }
      li.done, li.skipped { color: var(--ink-muted, #4b5a6e); }
      li.failed, li.missed { color: var(--bad, #b3201f); }
    `,
  ];

  override render(): TemplateResult {
    const { timeline, seq } = this.board;
    if (seq === null) return html`<slot></slot>`;
    if (timeline.length === 0) return html`<p class="muted">${say(this.language, "noMoments")}</p>`;
    return html`<ol>${timeline.map((moment) => this.row(moment))}</ol>`;
  }

  private row(moment: Moment): TemplateResult {
    const when = moment.offset_s === null ? say(this.language, "manual") : `T+${span(moment.offset_s)}`;
    const title = moment.inject ? textOf(moment.title, this.language) || moment.inject : sayAny(this.language, moment.kind);
    return html`<li class=${moment.state}>
      <span class="number">${when}</span><span aria-hidden="true">${SIGNS[moment.state] ?? "○"}</span><span>${title}</span>
      <span class="muted">${sayAny(this.language, moment.state)}${moment.at ? html`<span class="unseen"> ${moment.at}</span>` : nothing}</span>
    </li>`;
  }
}
