/** <open-terminals>: the team's entries, and up to three terminals open in the page, each under a tab of its own. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { Island, look } from "./island.js";
import type { LabTerminal } from "./lab-terminal.js";
import { say } from "./messages.js";
import { renewRegions } from "./renewal.js";
import type { State } from "./terminal-state.js";

const MOST = 3;
const LOOK_MS = 4000;

interface Opened {
  entry: string;
  title: string;
  place: string;
}

export class OpenTerminals extends Island {
  static override properties = { ...Island.properties, opened: { state: true }, shown: { state: true }, isFull: { state: true } };
  static override styles = [
    look,
    css`
      lab-terminal { margin-top: 1rem; }
      [role=tabpanel] lab-terminal { margin-top: 0; border-top-left-radius: 0; }
      [role=tablist] { display: flex; flex-wrap: wrap; gap: .3rem; margin: 1rem 0 0; }
      [role=tab] { font: inherit; font-weight: 600; min-height: 2.5rem; padding: .2rem 1rem; border: 1px solid var(--line-strong, #7b8a9d); border-bottom: 0; border-radius: 6px 6px 0 0; background: var(--surface-sunk, #e8ecf1); color: var(--ink, #131c2b); cursor: pointer; }
      [role=tab][aria-selected=true] { background: var(--accent, #1f4fbf); border-color: var(--accent, #1f4fbf); color: var(--accent-ink, #fff); }
      [role=tab]:focus-visible, .end:focus-visible { outline: 3px solid var(--accent, #1f4fbf); outline-offset: 1px; }
      .end { font: inherit; font-size: .88rem; font-weight: 600; min-height: 2.2rem; padding: .1rem .6rem; border-radius: 6px; border: 1px solid var(--bad, #b3201f); background: var(--surface-raised, #fff); color: var(--bad, #b3201f); cursor: pointer; }
      [hidden] { display: none !important; }
      .full { margin: .6rem 0 0; }
    `,
  ];
  declare opened: Opened[];
  declare shown: string;
  declare isFull: boolean;
  private looking = 0;

  constructor() {
    super();
    this.opened = [];
    this.shown = "";
    this.isFull = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("terminal-state", (event) => this.heard((event as CustomEvent<State>).detail));
    this.addEventListener("renewed", () => this.offer());
    this.opened = this.recalled();
    this.shown = this.opened[0]?.place ?? "";
    this.offer();
    this.expect();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.looking);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("opened")) {
      this.toggleAttribute("open", this.opened.length > 0);
      this.keep();
    }
    const before = changed.get("board")?.life?.state;
    if (before && before !== this.board.life?.state) this.expect(Math.random() * 1500);
  }

  override render(): TemplateResult {
    return html`<slot></slot>
      <div role="status">${this.isFull ? html`<p class="notice full">${say(this.language, "enoughTerminals")}</p>` : nothing}</div>
      ${this.opened.length > 1 ? this.tabs() : nothing}
      ${repeat(this.opened, (one) => one.place, (one) => this.panel(one))}`;
  }

  private tabs(): TemplateResult {
    return html`<div role="tablist" aria-label=${say(this.language, "openTerminals")} @keydown=${(event: KeyboardEvent) => this.turn(event)}>
      ${this.opened.map((one) => html`<button type="button" role="tab" id="tab-${one.place}" aria-controls="panel-${one.place}" aria-selected=${one.place === this.shown}
        tabindex=${one.place === this.shown ? 0 : -1} @click=${() => this.show(one.place)}>${this.nameOf(one)}</button>`)}
    </div>`;
  }

  private panel(one: Opened): TemplateResult {
    const isTab = this.opened.length > 1;
    return html`<div id="panel-${one.place}" role=${isTab ? "tabpanel" : nothing} aria-labelledby=${isTab ? `tab-${one.place}` : nothing} ?hidden=${one.place !== this.shown}>
      <lab-terminal ?quiet=${isTab} exercise=${this.exercise} entry=${one.entry} place=${one.place} heading=${this.nameOf(one)} lang=${this.language}>
        <button type="button" class="end" @click=${() => this.end(one)}>${say(this.language, "endShell")}</button>
      </lab-terminal>
    </div>`;
  }

  /** Two of the same entry are told from each other by a number. */
  private nameOf(one: Opened): string {
    return this.opened.some((other) => other !== one && other.entry === one.entry) ? `${one.title} ${one.place}` : one.title;
  }

  private clicked(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-open]") : null;
    if (!button) return;
    this.isFull = this.opened.length >= MOST;
    if (this.isFull) return;
    const taken = new Set(this.opened.map((one) => one.place));
    const place = ["1", "2", "3"].find((each) => !taken.has(each)) ?? "1";
    this.opened = [...this.opened, { entry: button.dataset.open ?? "", title: button.dataset.title ?? "", place }];
    this.show(place);
  }

  private show(place: string): void {
    this.shown = place;
    void this.updateComplete.then(() => this.renderRoot.querySelector<LabTerminal>(`#panel-${place} lab-terminal`)?.updateComplete.then(() => this.focusOn(place)));
  }

  private focusOn(place: string): void {
    const terminal = this.renderRoot.querySelector<LabTerminal>(`#panel-${place} lab-terminal`);
    terminal?.focus();
    terminal?.scrollIntoView({ block: "nearest" });
  }

  private end(one: Opened): void {
    this.opened = this.opened.filter((other) => other !== one);
    this.isFull = false;
    const next = this.opened.at(-1);
    if (next) this.show(next.place);
    else this.querySelector<HTMLElement>("[data-open]")?.focus();
  }

  private turn(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = this.opened.findIndex((one) => one.place === this.shown);
    this.shown = this.opened.at((at + by) % this.opened.length)?.place ?? this.shown;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${this.shown}`)?.focus());
  }

  private heard(state: State): void {
    if (state.phase === "closed") this.expect(500);
  }

  /** Look again while an entry is being made ready: the service's drawing of the list says what is open. */
  private expect(in_ms = LOOK_MS): void {
    window.clearTimeout(this.looking);
    const isComing = this.querySelector("[data-why=building]") !== null;
    if (in_ms !== LOOK_MS || isComing) this.looking = window.setTimeout(() => void this.renew(), in_ms);
  }

  private async renew(): Promise<void> {
    await renewRegions("entries");
    this.expect();
  }

  private offer(): void {
    for (const button of this.querySelectorAll<HTMLElement>("[data-open]")) button.hidden = false;
  }

  /** What was open before the page was loaded anew, and may be open still. */
  private recalled(): Opened[] {
    try {
      const before = JSON.parse(sessionStorage.getItem(`terminals.${this.exercise}`) ?? "[]") as Opened[];
      const waits = this.querySelector("[data-why=paused], [data-why=building]") !== null;
      return before.filter((one) => waits || this.querySelector(`[data-open="${CSS.escape(one.entry)}"]`) !== null);
    } catch {
      return [];
    }
  }

  private keep(): void {
    try {
      sessionStorage.setItem(`terminals.${this.exercise}`, JSON.stringify(this.opened));
    } catch {
      // Then a reload begins without terminals.
    }
  }
}
