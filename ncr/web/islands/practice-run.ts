/** <practice-run run=… left=… idle=… warn=…>: time left, the warning before an idle run is closed, and signs of life. */

import type { Board } from "./board.js";
import { connectionTo, type Link } from "./client.js";
import { renewMain, renewRegions, renewTasks, takePage } from "./renewal.js";
import { span } from "./times.js";

const LOOK_MS = 20_000;
const BUILDING_MS = 2000;
const TELL_MS = 60_000;

interface Run {
  state: string;
  environment: string;
  left_s: number | null;
  idle_closes_at: string | null;
}

export class PracticeRun extends HTMLElement {
  private timer = 0;
  private second = 0;
  private told = Number.NEGATIVE_INFINITY;
  private seen = performance.now();
  private left_s: number | null = null;
  private idle_s: number | null = null;
  private environment = "";
  private fact = -1;
  private leave: (() => void) | null = null;
  private readonly acted = () => void this.act();

  connectedCallback(): void {
    this.environment = this.getAttribute("environment") ?? "";
    this.keep(numberOf(this.getAttribute("left")), numberOf(this.getAttribute("idle")));
    this.second = window.setInterval(() => this.tick(), 1000);
    this.later();
    for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, this.acted);
    this.leave = connectionTo(this.run).subscribe((board, link) => this.hear(board, link));
    this.addEventListener("submit", (event) => this.answer(event));
  }

  disconnectedCallback(): void {
    this.leave?.();
    window.clearInterval(this.second);
    window.clearTimeout(this.timer);
    for (const kind of ["keydown", "pointerdown"]) document.removeEventListener(kind, this.acted);
  }

  private get run(): string {
    return this.getAttribute("run") ?? "";
  }

  private later(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.look(), this.environment === "open" ? LOOK_MS : BUILDING_MS);
  }

  /** What happened elsewhere: a solve in another tab, the end. */
  private hear(board: Board, link: Link): void {
    const state = board.life?.state;
    if (link === "over" || (state && state !== "running" && state !== "paused")) return void this.end();
    if (board.seq === null) return;
    const [before, isFirst] = [this.fact, this.fact < 0];
    this.fact = board.seq;
    const fresh = board.facts.filter((fact) => fact.seq > before);
    if (!isFirst && fresh.some((fact) => ["submitted", "hinted"].includes(fact.kind))) void this.renew();
    if (!isFirst && fresh.some((fact) => ["extended", "reset", "paused", "resumed"].includes(fact.kind))) void this.look();
  }

  private async renew(): Promise<void> {
    await renewTasks();
    await renewRegions("progress");
  }

  private async end(): Promise<void> {
    const fresh = await takePage();
    if (fresh && this.isConnected && !fresh.querySelector("practice-run")) renewMain(fresh);
  }

  private async look(): Promise<void> {
    const options = { cache: "no-store" as const, signal: AbortSignal.timeout(15_000) };
    const answer = await fetch(`/api/v1/practice/${this.run}`, options).catch(() => null);
    if (!this.isConnected) return;
    if (answer?.ok) await this.take((await answer.json()) as Run, answer.headers.get("Date"));
    if (this.isConnected) this.later();
  }

  private async take(run: Run, date: string | null): Promise<void> {
    if (run.state !== "running") return this.end();
    const has = run.environment;
    if (has !== this.environment) {
      this.environment = has;
      await renewRegions();
    }
    // By the service's clock: ours may be wrong.
    const now = date ? Date.parse(date) : Date.now();
    this.keep(run.left_s, run.idle_closes_at ? (Date.parse(run.idle_closes_at) - now) / 1000 : null);
  }

  private keep(left_s: number | null, idle_s: number | null): void {
    [this.left_s, this.idle_s, this.seen] = [left_s, idle_s, performance.now()];
    this.tick();
  }

  private tick(): void {
    const since_s = (performance.now() - this.seen) / 1000;
    const left = this.querySelector("[data-left]");
    if (left && this.left_s !== null) left.textContent = span(Math.max(0, this.left_s - since_s));
    this.warn(this.idle_s === null ? null : this.idle_s - since_s);
  }

  private warn(idle_s: number | null): void {
    const notice = this.querySelector<HTMLElement>("[data-idle]");
    if (!notice) return;
    const isNear = idle_s !== null && idle_s <= Number(this.getAttribute("warn"));
    if (notice.hidden === isNear) {
      if (!isNear && notice.contains(document.activeElement)) document.querySelector<HTMLElement>("main")?.focus();
      notice.hidden = !isNear;
    }
    // Said once, by what is put into a region that is there: a region that appears is not read by all.
    const said = this.querySelector("[data-said]");
    if (said && (said.textContent !== "") !== isNear) said.textContent = isNear ? (notice.querySelector("p")?.textContent ?? "") : "";
    const closes = notice.querySelector("[data-closes]");
    if (closes && isNear) closes.textContent = span(Math.max(0, idle_s));
  }

  /** The button of the warning works without leaving the page. */
  private answer(event: SubmitEvent): void {
    if (!(event.target as HTMLElement).matches("[data-stay]")) return;
    event.preventDefault();
    this.told = Number.NEGATIVE_INFINITY;
    void this.act();
  }

  /** Say that somebody is here: at most once a minute, however much is typed and clicked. */
  private async act(): Promise<void> {
    const form = this.querySelector<HTMLFormElement>("form[data-stay]");
    if (!form || performance.now() - this.told < TELL_MS) return;
    this.told = performance.now();
    const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
    if (answer?.type === "opaqueredirect") await this.look();
    else this.told = Number.NEGATIVE_INFINITY;
  }
}

function numberOf(text: string | null): number | null {
  return text ? Number(text) : null;
}
