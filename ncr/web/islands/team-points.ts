/** <team-points team=…>: one team's points, as a number in a line of text or a cell. */

import { css, html, type TemplateResult } from "lit";
import { rowOf } from "./board.js";
import { Island } from "./island.js";
import { number } from "./messages.js";

export class TeamPoints extends Island {
  static override properties = { ...Island.properties, team: { type: String } };
  static override styles = css`:host { font-variant-numeric: tabular-nums; }`;
  declare team: string;

  override render(): TemplateResult {
    const row = rowOf(this.board, this.team);
    return row ? html`${number(row.points, this.language)}` : html`<slot></slot>`;
  }
}
