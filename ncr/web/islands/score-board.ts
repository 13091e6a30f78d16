/** <score-board>: everybody's standing, live; on a phone, a desk, or a wall ten metres away. */

import { html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { standings, type Row, type Step } from "./board.js";
import { clockLook, clockParts } from "./exercise-clock.js";
import { Island, look } from "./island.js";
import { number, say, textOf } from "./messages.js";
import { leader, news } from "./news.js";
import { boardLook } from "./score-board-look.js";
import { checkName, serviceState } from "./service-matrix.js";
import { timeOfDay } from "./times.js";

const MOVED_MS = 60_000;
const LONG = 25;
const SAID_MS = 10_000;
const PAGE_MS = 12_000;
const PAGE_ROWS = 10;
const MOST_COLUMNS = 30;
const MOST_ON_WALL = 20;

export class ScoreBoard extends Island {
  static override properties = {
    ...Island.properties,
    heading: { type: String },
    projector: { type: Boolean, reflect: true },
    said: { state: true },
  };
  static override styles = [look, clockLook, boardLook];

  declare heading: string;
  declare projector: boolean;
  declare said: string;
  protected override ticks = true;
  private tops = new Map<string, number>();
  private saidAt = 0;
  private saidSeq = 0;

  constructor() {
    super();
    this.heading = "";
    this.projector = false;
    this.said = "";
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("board") && changed.get("board")?.order !== this.board.order) this.tops = this.measured();
    this.announce();
    this.style.setProperty("--rows", String(Math.min(this.board.order.length || 1, PAGE_ROWS + 3)));
  }

  protected override updated(): void {
    if (this.projector) this.fit();
    if (this.tops.size > 0) this.glide();
    this.tops.clear();
  }

  override render(): TemplateResult {
    if (this.board.seq === null && this.board.order.length === 0) return html`<slot></slot>${this.linkState()}`;
    return html`
      <header>${this.heading ? html`<h1>${this.heading}</h1>` : nothing}<div class="times">${clockParts(this.board, this.now, this.language)}${this.liveSign()}</div></header>
      ${this.linkState()} ${this.freezeNotice()}
      <div class="scroll ${this.board.order.length > LONG && !this.projector ? "long" : ""}" tabindex="0" role="region" aria-label=${say(this.language, "scoreboard")}>${this.table()}</div>
      ${this.ticker()}
      <p class="unseen" role="status" aria-live="polite">${this.said}</p>
    `;
  }

  private linkState(): TemplateResult {
    const quiet = this.link === "live" || (this.link === "connecting" && this.board.seq === null);
    const tone = this.link === "over" ? "" : "bad";
    return html`<div role="status">${quiet ? nothing : html`<p class="notice ${tone}">${say(this.language, this.link)}</p>`}</div>`;
  }

  private liveSign(): TemplateResult | typeof nothing {
    return this.link === "live" ? html`<span class="live"><span aria-hidden="true">●</span> ${say(this.language, "live")}</span>` : nothing;
  }

  private freezeNotice(): TemplateResult | typeof nothing {
    if (!this.board.life?.frozen) return nothing;
    const words = say(this.language, this.board.audience === "staff" ? "frozenStaff" : "frozen");
    return html`<p class="notice frozen"><span aria-hidden="true">❄ </span>${words}</p>`;
  }

  private table(): TemplateResult {
    const all = standings(this.board);
    const tasks = Object.keys(this.board.tasks).slice(0, this.projector ? MOST_ON_WALL : MOST_COLUMNS);
    const checks = Object.keys(this.board.services);
    const shown = this.page(all);
    const columns = 5 + tasks.length + checks.length;
    return html`<table>
      <caption class="unseen">${say(this.language, "scoreboard")}</caption>
      <thead><tr>
        <th scope="col" class="rank">${say(this.language, "place")}</th>
        <th scope="col">${say(this.language, "team")}</th>
        <th scope="col" class="number">${say(this.language, "points")}</th>
        <th scope="col" class="trend">${say(this.language, "trend")}</th>
        <th scope="col" class="number solved">${say(this.language, "solved")}</th>
        ${tasks.map((task) => this.taskHead(task))}
        ${checks.map((check) => turnedHead("check", checkName(this.board, check, this.language)))}
      </tr></thead>
      <tbody>${all.length === 0
        ? html`<tr><td colspan=${columns} class="muted">${say(this.language, "noTeams")}</td></tr>`
        : repeat(shown, (row) => row.team, (row) => this.row(row, tasks, checks))}</tbody>
      ${shown.length < all.length ? this.pageNote(all, shown, columns) : nothing}
    </table>`;
  }

  /** On the wall nobody scrolls: the leaders stay, and the others take turns. */
  private page(all: Row[]): Row[] {
    if (!this.projector || all.length <= PAGE_ROWS + 3) return all;
    const rest = all.slice(3);
    const pages = Math.ceil(rest.length / PAGE_ROWS);
    const page = Math.floor(this.now / PAGE_MS) % pages;
    return [...all.slice(0, 3), ...rest.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS)];
  }

  private pageNote(all: Row[], shown: Row[], columns: number): TemplateResult {
    const from = all.findIndex((row) => row.team === shown[3]?.team) + 1;
    const words = say(this.language, "morePages", { from, to: from + shown.length - 4, all: all.length });
    return html`<tfoot><tr><td colspan=${columns} class="muted">${words}</td></tr></tfoot>`;
  }

  private taskHead(task: string): TemplateResult {
    const known = this.board.tasks[task];
    const title = textOf(known?.title, this.language) || task;
    return turnedHead("task", title, known ? number(known.value, this.language) : "");
  }

  private row(row: Row, tasks: string[], checks: string[]): TemplateResult {
    return html`<tr data-team=${row.team} class=${row.rank !== null && row.rank <= 3 ? `top-${row.rank}` : ""}>
      <td class="rank number">${row.rank ?? "–"}${this.movement(row.team)}</td>
      <th scope="row"><span class="name" title=${row.name}>${row.name}</span>${this.partner(row)}</th>
      <td class="number points">${number(row.points, this.language)}</td>
      <td class="trend">${this.sparkline(row.team)}</td>
      <td class="number solved">${row.solved}</td>
      ${tasks.map((task) => this.taskCell(row, task))}
      ${checks.map((check) => html`<td class="check">${row.services[check] ? serviceState(row.services[check], this.language) : nothing}</td>`)}
    </tr>`;
  }

  /** The partner, unless the team's name says it already. */
  private partner(row: Row): TemplateResult | typeof nothing {
    if (!row.partner || row.name.toLowerCase().includes(row.partner.toLowerCase())) return nothing;
    return html` <span class="partner muted">${row.partner}</span>`;
  }

  private movement(team: string): TemplateResult {
    const moved = this.board.moved[team];
    if (!moved || moved.by === 0 || this.now - moved.at > MOVED_MS) return html`<span class="moved"></span>`;
    const words = say(this.language, moved.by > 0 ? "roseBy" : "fellBy", { n: Math.abs(moved.by) });
    const sign = moved.by > 0 ? "▲" : "▼";
    return html`<span class="moved ${moved.by > 0 ? "rose" : "fell"}"><span aria-hidden="true">${sign}${Math.abs(moved.by)}</span><span class="unseen">, ${words}</span></span>`;
  }

  private taskCell(row: Row, task: string): TemplateResult {
    const solve = row.tasks[task];
    if (!solve) return html`<td class="task"><span class="muted" aria-hidden="true">·</span></td>`;
    const first = solve.order === 1;
    const words = first ? say(this.language, "firstSolve") : say(this.language, "solved");
    return html`<td class="task ${first ? "first" : "right"}" title="${words}: ${solve.points}"><span aria-hidden="true">${first ? "★" : "✓"}</span><span class="unseen">${words}</span></td>`;
  }

  /** One scale for all teams, so that the lines can be compared. */
  private sparkline(team: string): TemplateResult | typeof nothing {
    const steps = this.board.history[team] ?? [];
    const [start] = steps;
    if (!start || steps.length < 2) return nothing;
    const most = Math.max(1, ...Object.values(this.board.rows).map((row) => row.points));
    const across = (at: number) => ((at - start[0]) / Math.max(1, this.now - start[0])) * 80;
    const drawn: readonly Step[] = [...steps, [this.now, steps.at(-1)?.[1] ?? 0]];
    const path = drawn.map(([at, points]) => `${Math.min(80, across(at)).toFixed(1)},${(22 - (Math.max(0, points) / most) * 20).toFixed(1)}`);
    return html`<svg viewBox="0 0 80 24" aria-hidden="true" preserveAspectRatio="none">${svg`<polyline points=${path.join(" ")} />`}</svg>`;
  }

  private ticker(): TemplateResult {
    const items = news(this.board, this.language, this.projector ? 3 : 8);
    return html`<section class="ticker" aria-label=${say(this.language, "latest")}>
      <h2>${say(this.language, "latest")}</h2>
      ${items.length === 0 ? html`<p class="muted">${say(this.language, "nothingYet")}</p>` : html`<ol>${repeat(items, (item) => item.key, (item) =>
        html`<li class=${item.first ? "first" : ""}><time class="number" datetime=${item.at}>${timeOfDay(Date.parse(item.at), this.language)}</time> <span>${item.first ? html`<span aria-hidden="true">★ </span>` : nothing}${item.text}</span></li>`)}</ol>`}
    </section>`;
  }

  /** New facts for those who listen, gathered so that nobody is talked over. */
  private announce(): void {
    const seq = this.board.seq ?? this.saidSeq;
    if (seq === this.saidSeq || this.now - this.saidAt < SAID_MS) return;
    const fresh = news(this.board, this.language, 3).filter((item) => item.seq > this.saidSeq);
    this.saidAt = this.now;
    this.saidSeq = seq;
    if (fresh.length > 0) this.said = [...fresh.map((item) => item.text), leader(this.board, this.language)].join(". ");
  }

  private measured(): Map<string, number> {
    const rows = this.renderRoot.querySelectorAll<HTMLElement>("tr[data-team]");
    return new Map([...rows].map((row) => [row.dataset.team ?? "", row.getBoundingClientRect().top]));
  }

  /** On the wall nobody scrolls sideways either: a table too wide for it is drawn smaller. */
  private fit(): void {
    const place = this.renderRoot.querySelector<HTMLElement>(".scroll");
    const table = place?.querySelector<HTMLElement>("table");
    if (!place || !table) return;
    table.style.setProperty("zoom", "1");
    const ratio = place.clientWidth / place.scrollWidth;
    if (ratio < 1) table.style.setProperty("zoom", (ratio * 0.995).toFixed(3));
  }

  private glide(): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const row of this.renderRoot.querySelectorAll<HTMLElement>("tr[data-team]")) {
      const before = this.tops.get(row.dataset.team ?? "");
      const by = before === undefined ? 0 : before - row.getBoundingClientRect().top;
      if (Math.abs(by) > 1) row.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: 600, easing: "ease-in-out" });
    }
  }
}

/** A narrow column's head, turned on its side; `below` stands upright under it. */
function turnedHead(kind: string, title: string, below = ""): TemplateResult {
  return html`<th scope="col" class=${kind}><span class="turned" title=${title}>${title}</span>${below ? html`<span class="number worth">${below}</span>` : nothing}</th>`;
}
