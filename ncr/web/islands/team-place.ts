/** <team-place team=…>: the own place, the own points, and how far it is to the teams next to it. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { rowOf, standings, type Board, type Fact, type Row } from "./board.js";
import { Island, look } from "./island.js";
import { number, say } from "./messages.js";
import { renewTasks } from "./renewal.js";

/** The teams just before and just behind `team`; none where nobody may compare. */
export function neighbours(board: Board, team: string): { before: Row | undefined; behind: Row | undefined } {
  const rows = standings(board);
  const at = rows.findIndex((row) => row.team === team);
  if (at < 0 || rows[at]?.rank === null) return { before: undefined, behind: undefined };
  return { before: rows[at - 1], behind: rows[at + 1] };
}

export class TeamPlace extends Island {
  static override properties = { ...Island.properties, team: { type: String } };
  static override styles = [
    look,
    css`
      dl { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .8rem; margin: 0; }
      dt { color: var(--ink-muted, #4b5a6e); font-size: .84rem; }
      dd { margin: 0; font-size: 2.1rem; font-weight: 700; line-height: 1.15; font-variant-numeric: tabular-nums; }
      dd .of { font-size: 1rem; font-weight: 400; }
      ul { list-style: none; margin: .8rem 0 0; padding: .7rem 0 0; border-top: 1px solid var(--line, #cdd5df); }
      li { display: flex; gap: .55em; padding: .1em 0; }
      li span:first-child { color: var(--ink-muted, #4b5a6e); }
      p { margin: .7rem 0 0; font-size: .88rem; }
    `,
  ];
  declare team: string;
  /** The last fact this page was drawn with or drawn anew for. */
  private seen: number | null = null;

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has("board") || this.board.seq === null) return;
    const seen = this.seen ?? this.board.seq;
    const fresh = this.board.facts.filter((fact) => fact.seq > seen && this.opensSomething(fact));
    this.seen = this.board.seq;
    if (fresh.length > 0) void renewTasks();
  }

  override render(): TemplateResult {
    const row = rowOf(this.board, this.team);
    if (!row) return html`<slot></slot>`;
    const isBehindFreeze = this.board.own !== null;
    return html`<dl>
        <div><dt>${say(this.language, "place")}</dt><dd>${row.rank ?? "–"}${row.rank === null ? nothing : html`<span class="of muted"> / ${this.board.order.length}</span>`}</dd></div>
        <div><dt>${say(this.language, "points")}</dt><dd>${number(row.points, this.language)}</dd></div>
      </dl>
      ${isBehindFreeze ? html`<p class="muted">${say(this.language, "ownBehindFreeze")}</p>` : this.distances(row)}`;
  }

  /** What makes other tasks or texts show on the team's page: a solve or a hint, a team mate's too. */
  private opensSomething(fact: Fact): boolean {
    return fact.team === this.team && (fact.kind === "hinted" || (fact.kind === "submitted" && fact.payload.right === true));
  }

  private distances(row: Row): TemplateResult | typeof nothing {
    const { before, behind } = neighbours(this.board, row.team);
    if (!before && !behind) return nothing;
    const told = (sign: string, words: string) => html`<li><span aria-hidden="true">${sign}</span><span>${words}</span></li>`;
    const gap = (other: Row) => number(Math.abs(other.points - row.points), this.language);
    return html`<ul>
      ${before ? told("▲", this.compare(before, row, "behindOf", gap(before))) : nothing}
      ${behind ? told("▼", this.compare(behind, row, "aheadOf", gap(behind))) : nothing}
    </ul>`;
  }

  private compare(other: Row, own: Row, key: "behindOf" | "aheadOf", points: string): string {
    return say(this.language, other.points === own.points ? "levelWith" : key, { points, team: other.name });
  }
}
