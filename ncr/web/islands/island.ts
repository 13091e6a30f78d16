/** What every island has: the page's connection, its language, a second hand, and the common look. */

import { LitElement, css } from "lit";
import { EMPTY, type Board, type Language } from "./board.js";
import { connectionTo, type Link } from "./client.js";

export const look = css`
  :host { display: block; color: var(--ink, #131c2b); font-family: var(--font, system-ui, sans-serif); }
  .muted { color: var(--ink-muted, #4b5a6e); }
  .number { font-family: var(--font-mono, ui-monospace, monospace); font-variant-numeric: tabular-nums; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .notice { border-left: 4px solid var(--warn, #875200); background: var(--warn-soft, #fdf0d5); padding: .6em 1em; margin: 0 0 .8rem; border-radius: 0 6px 6px 0; }
  .notice.bad { border-color: var(--bad, #b3201f); background: var(--bad-soft, #fce4e3); }
  .service { display: inline-flex; align-items: baseline; gap: .35em; white-space: nowrap; margin-right: .7em; }
  .service .shape { font-weight: 700; }
  .up .shape { color: var(--good, #0f6b3f); }
  .degraded .shape, .recovering .shape { color: var(--warn, #875200); }
  .down .shape { color: var(--bad, #b3201f); }
  .error .shape, .unknown .shape { color: var(--ink-muted, #4b5a6e); }
`;

/** A shape for every state, so that none is told by colour alone. */
export const SHAPES: Record<string, string> = {
  up: "●", degraded: "◐", recovering: "◔", down: "✕", error: "!", unknown: "?",
};

export abstract class Island extends LitElement {
  static override properties = {
    exercise: { type: String },
    lang: { type: String },
    board: { state: true },
    link: { state: true },
    now: { state: true },
  };

  declare exercise: string;
  declare board: Board;
  declare link: Link;
  declare now: number;
  /** Whether it shows something that changes by the second. */
  protected ticks = false;
  private leave: (() => void) | null = null;
  private timer = 0;

  constructor() {
    super();
    this.exercise = "";
    this.board = EMPTY;
    this.link = "connecting";
    this.now = Date.now();
  }

  get language(): Language {
    return this.lang === "en" ? "en" : "nb";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.leave = connectionTo(this.exercise).subscribe((board, link) => {
      this.board = board;
      this.link = link;
    });
    if (this.ticks) this.timer = window.setInterval(() => (this.now = Date.now()), 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.leave?.();
    window.clearInterval(this.timer);
  }
}
