/** <service-matrix team=…>: the states of one team's services, or of every team's in a table. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { Board, Language, Row } from "./board.js";
import { rowOf, standings } from "./board.js";
import { Island, SHAPES, look } from "./island.js";
import { say, sayAny, textOf } from "./messages.js";

/** The name of a check as the scenario gives it. */
export function checkName(board: Board, check: string, language: Language): string {
  const known = board.services[check];
  return textOf(known?.title, language) || known?.service || check;
}

/** One state: its shape, and its name in words. */
export function serviceState(state: string, language: Language, name = ""): TemplateResult {
  const words = sayAny(language, state);
  return html`<span class="service ${state}" title=${name ? `${name}: ${words}` : words}
    ><span class="shape" aria-hidden="true">${SHAPES[state] ?? "?"}</span>${name}<span class="unseen">${name ? ": " : ""}${words}</span></span
  >`;
}

export class ServiceMatrix extends Island {
  static override properties = { ...Island.properties, team: { type: String } };
  static override styles = [
    look,
    css`
      ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem .2rem; }
      table { border-collapse: collapse; }
      th, td { text-align: left; padding: .35em .7em; border-bottom: 1px solid var(--line, #cdd5df); }
    `,
  ];
  declare team: string;

  override render(): TemplateResult {
    if (this.board.seq === null) return html`<slot></slot>`;
    return this.team ? this.list(rowOf(this.board, this.team)) : this.table();
  }

  private list(row: Row | undefined): TemplateResult {
    const place = Object.keys(this.board.services);
    const states = Object.entries(row?.services ?? {}).sort(([a], [b]) => place.indexOf(a) - place.indexOf(b));
    if (states.length === 0) return html`<p class="muted">${say(this.language, "noChecks")}</p>`;
    return html`<ul>${states.map(([check, state]) => html`<li>${this.wordy(check, state)}</li>`)}</ul>`;
  }

  private wordy(check: string, state: string): TemplateResult {
    const name = checkName(this.board, check, this.language);
    return html`<span class="service ${state}"><span class="shape" aria-hidden="true">${SHAPES[state] ?? "?"}</span>${name}: ${sayAny(this.language, state)}</span>`;
  }

  private table(): TemplateResult {
    const checks = Object.keys(this.board.services);
    return html`<table>
      <thead><tr><th scope="col">${say(this.language, "team")}</th>${checks.map((check) => html`<th scope="col">${checkName(this.board, check, this.language)}</th>`)}</tr></thead>
      <tbody>${standings(this.board).map((row) => html`<tr><th scope="row">${row.name}</th>
        ${checks.map((check) => html`<td>${row.services[check] ? serviceState(row.services[check], this.language) : nothing}</td>`)}</tr>`)}</tbody>
    </table>`;
  }
}
