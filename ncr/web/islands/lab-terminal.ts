/** <lab-terminal exercise=… entry=…>: a shell in the lab, in the page; comes back to the same shell by itself. */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import type { Language } from "./board.js";
import { say } from "./messages.js";
import { Line } from "./terminal-line.js";
import { terminalLook } from "./terminal-look.js";
import { keepScreen, meansFor, remembered, type Wanted } from "./terminal-means.js";
import { TerminalScreen, type Ear } from "./terminal-screen.js";
import { START, type Mode, type State } from "./terminal-state.js";
import { mayStartAgain, words, type Said } from "./terminal-words.js";

const TOLD_MS = 5000;
const SMALLEST = 9;
const LARGEST = 32;
const KEYS: readonly (readonly [string, string])[] = [
  ["Esc", "\x1b"], ["Tab", "\t"], ["Ctrl", ""], ["↑", "up"], ["↓", "down"], ["←", "left"], ["→", "right"], ["|", "|"], ["~", "~"], ["/", "/"],
];
const NAMES = { up: "keyUp", down: "keyDown", left: "keyLeft", right: "keyRight" } as const;

export class LabTerminal extends LitElement implements Ear {
  static override properties = {
    exercise: { type: String },
    entry: { type: String },
    participant: { type: String },
    mode: { type: String },
    session: { type: String },
    /** What it is called, and which of several of the same entry it is. */
    heading: { type: String },
    place: { type: String },
    lang: { type: String },
    fill: { type: Boolean, reflect: true },
    state: { state: true },
    told: { state: true },
    fontSize: { state: true },
    readsAloud: { state: true },
    isControl: { state: true },
  };
  static override styles = terminalLook;

  declare exercise: string;
  declare entry: string;
  declare participant: string;
  declare mode: Mode;
  declare session: string;
  declare heading: string;
  declare place: string;
  declare fill: boolean;
  declare state: State;
  declare told: Said | null;
  declare fontSize: number;
  declare readsAloud: boolean;
  declare isControl: boolean;
  private line: Line | null = null;
  private screen: TerminalScreen | null = null;
  private telling = 0;
  private readonly scheme = matchMedia("(prefers-color-scheme: dark)");

  constructor() {
    super();
    this.heading = this.entry = this.exercise = "";
    this.place = "1";
    this.state = START;
    this.told = null;
    this.fontSize = Math.min(LARGEST, Math.max(SMALLEST, Number(recall("font")) || rootSize()));
    this.readsAloud = recall("reader") === "on";
    this.isControl = false;
  }

  get language(): Language {
    return this.lang === "en" ? "en" : "nb";
  }

  private get wanted(): Wanted {
    const { exercise, entry, participant, mode, session, place } = this;
    return { exercise, entry, participant: participant || undefined, mode: mode || undefined, session: session || undefined, slot: place };
  }

  protected override firstUpdated(): void {
    const root = this.renderRoot as ShadowRoot;
    const place = root.querySelector<HTMLElement>(".screen");
    if (!place) return;
    const title = say(this.language, "terminal", { title: this.heading });
    this.role = "region";
    this.ariaLabel = title;
    const { fontSize, readsAloud } = this;
    const tooMuchOutput = say(this.language, "tooMuchOutput");
    this.screen = new TerminalScreen(root, place, this, { title, fontSize, readsAloud, tooMuchOutput });
    this.line = new Line(meansFor(this.wanted), this.screen);
    const before = remembered(this.wanted);
    if (before) this.screen.show(before.screen);
    this.line.start(before?.memory ?? null);
    this.listen(true);
    this.addEventListener("focusout", (event) => this.passed(event));
    if (this.hasAttribute("autofocus")) this.screen.focus();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.listen(false);
    this.line?.stop();
    this.screen?.end();
    keepScreen(this.wanted, null);
  }

  typed(bytes: Uint8Array): void {
    this.isControl = false;
    this.line?.type(bytes);
  }

  sized(columns: number, rows: number): void {
    this.line?.resize(columns, rows);
  }

  changed(state: State): void {
    if (this.state.phase === "lost" && state.phase === "open" && !state.isAnother) this.tell({ tone: "good", text: say(this.language, "shellFound") });
    this.state = state;
    this.dispatchEvent(new CustomEvent("terminal-state", { bubbles: true, composed: true, detail: state }));
  }

  left(): void {
    // From the tools the keyboard goes both ways past the shell, until it has left for the rest of the page.
    if (this.screen) this.screen.isOnTheWay = false;
    this.renderRoot.querySelector<HTMLElement>(".bar button")?.focus();
  }

  override focus(): void {
    this.screen?.focus();
  }

  override render(): TemplateResult {
    const said = [...words(this.state, this.language), ...(this.told ? [this.told] : [])];
    return html`
      ${this.bar()}
      <div class="said" role="status" aria-live="polite">${said.map(({ tone, text }) => html`<p class="notice ${tone}">${text}</p>`)}</div>
      ${this.state.phase === "closed" ? html`<div class="again">${this.again()}</div>` : nothing}
      <div class="screen"></div>
      ${this.keys()}
      <p class="help" id="way-out">${say(this.language, "wayOut")}</p>
    `;
  }

  private bar(): TemplateResult {
    const button = (key: Parameters<typeof say>[1], label: string, act: () => void) =>
      html`<button type="button" title=${say(this.language, key)} @click=${act}>${signed(label, say(this.language, key))}</button>`;
    return html`<div class="bar" role="group" aria-label="${say(this.language, "toolbar")}: ${this.heading}">
      <strong>${this.heading}</strong>
      <button type="button" @click=${() => this.copy()}>${say(this.language, "copy")}</button>
      ${this.mode === "watch" ? nothing : html`<button type="button" @click=${() => this.paste()}>${say(this.language, "paste")}</button>`}
      ${button("smaller", "A−", () => this.grow(-1))} ${button("larger", "A+", () => this.grow(1))}
      <button type="button" aria-pressed=${this.readsAloud} @click=${() => this.read(!this.readsAloud)}>${say(this.language, "screenReader")}</button>
      <slot></slot>
    </div>`;
  }

  private again(): TemplateResult | typeof nothing {
    if (this.state.reason === "signed-out") return html`<a href="/sign-in?back=${encodeURIComponent(location.pathname)}">${say(this.language, "signIn")}</a>`;
    if (!mayStartAgain(this.state.reason)) return nothing;
    return html`<button type="button" class="main" @click=${() => this.startAgain()}>${say(this.language, "startAgain")}</button>`;
  }

  private keys(): TemplateResult | typeof nothing {
    if (this.mode === "watch") return nothing;
    return html`<div class="keys" role="group" aria-label=${say(this.language, "keys")}>${KEYS.map(([label, key]) => {
      const name = key in NAMES ? signed(label, say(this.language, NAMES[key as keyof typeof NAMES])) : label;
      if (!key) return html`<button type="button" aria-pressed=${this.isControl} @click=${() => this.control()}>${label}</button>`;
      return html`<button type="button" @click=${() => this.screen?.press(key)}>${name}</button>`;
    })}</div>`;
  }

  private startAgain(): void {
    this.line?.start();
    this.screen?.focus();
  }

  private control(): void {
    this.isControl = !this.isControl;
    if (this.screen) this.screen.isControl = this.isControl;
    this.screen?.focus();
  }

  private grow(by: number): void {
    this.fontSize = Math.min(LARGEST, Math.max(SMALLEST, this.fontSize + by));
    keep("font", String(this.fontSize));
    if (this.screen) this.screen.fontSize = this.fontSize;
  }

  private read(on: boolean): void {
    this.readsAloud = on;
    keep("reader", on ? "on" : "off");
    if (this.screen) this.screen.readsAloud = on;
  }

  private async copy(): Promise<void> {
    const done = await this.screen?.copy();
    this.tell({ tone: "", text: say(this.language, done ? "copied" : "nothingMarked") });
  }

  private async paste(): Promise<void> {
    if (!(await this.screen?.paste())) this.tell({ tone: "", text: say(this.language, "pasteByKey") });
  }

  private tell(said: Said): void {
    window.clearTimeout(this.telling);
    this.told = said;
    this.telling = window.setTimeout(() => (this.told = null), TOLD_MS);
  }

  private passed(event: FocusEvent): void {
    const to = event.relatedTarget;
    const isInside = to instanceof Node && (to === this || this.renderRoot.contains(to) || this.contains(to));
    if (!isInside && this.screen) this.screen.isOnTheWay = true;
  }

  private listen(on: boolean): void {
    const turn = on ? window.addEventListener.bind(window) : window.removeEventListener.bind(window);
    turn("pagehide", this.leave);
    turn("pageshow", this.comeBack as EventListener);
    turn("online", this.hurry);
    turn("offline", this.drop);
    if (on) this.scheme.addEventListener("change", this.recolour);
    else this.scheme.removeEventListener("change", this.recolour);
  }

  private readonly leave = (): void => {
    if (this.state.phase !== "closed" && this.screen) keepScreen(this.wanted, this.screen.shown());
    this.line?.leave();
  };

  /** The browser kept the page and shows it again. */
  private readonly comeBack = (event: PageTransitionEvent): void => {
    if (event.persisted) this.line?.start(remembered(this.wanted)?.memory ?? null);
  };

  private readonly hurry = (): void => this.line?.hurry();
  private readonly drop = (): void => this.line?.drop();
  private readonly recolour = (): void => this.screen?.recolour(this);
}

/** A sign for those who see it, and words for those who listen. */
function signed(sign: string, text: string): TemplateResult {
  return html`<span aria-hidden="true">${sign}</span><span class="unseen">${text}</span>`;
}

function rootSize(): number {
  return Math.round(Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.875);
}

function recall(name: string): string | null {
  try {
    return localStorage.getItem(`terminal.${name}`);
  } catch {
    return null;
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`terminal.${name}`, value);
  } catch {
    // Not remembered, then.
  }
}
