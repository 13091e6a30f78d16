/** <practice-wait run=… state=… phase=…>: follows a practice run until its environment is there, then shows it in place. */

import { takePage, renewMain } from "./renewal.js";
import { span } from "./times.js";

const QUEUED_MS = 4000;
const BUILT_MS = 1200;
const LONGEST_MS = 20_000;

export class PracticeWait extends HTMLElement {
  private timer = 0;
  private second = 0;
  private failures = 0;
  private seen = performance.now();

  connectedCallback(): void {
    this.seen = performance.now();
    this.second = window.setInterval(() => this.tick(), 1000);
    this.later();
  }

  disconnectedCallback(): void {
    window.clearTimeout(this.timer);
    window.clearInterval(this.second);
  }

  private later(): void {
    const rhythm = this.getAttribute("state") === "queued" ? QUEUED_MS : BUILT_MS;
    this.timer = window.setTimeout(() => void this.look(), Math.min(LONGEST_MS, rhythm * 2 ** this.failures));
  }

  private async look(): Promise<void> {
    const fresh = await takePage();
    if (!this.isConnected) return;
    this.failures = fresh ? 0 : this.failures + 1;
    const drawn = fresh?.querySelector("practice-wait");
    if (fresh && !drawn) return renewMain(fresh);
    if (drawn) this.take(drawn);
    this.later();
  }

  /** What has changed is put in, and nothing else is touched: not the focus, and no words that stay the same. */
  private take(drawn: Element): void {
    for (const name of ["state", "phase"]) this.setAttribute(name, drawn.getAttribute(name) ?? "");
    for (const part of [".say", ".estimate", ".steps", ".meanwhile", ".leave"]) {
      const [old, now] = [this.querySelector(part), drawn.querySelector(part)];
      if (old && now && old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes);
    }
    const [bar, fresh] = [this.bar, drawn.querySelector("progress")];
    if (bar && fresh) {
      for (const name of ["max", "value", "data-elapsed-s"]) {
        const value = fresh.getAttribute(name);
        if (value === null) bar.removeAttribute(name);
        else bar.setAttribute(name, value);
      }
    }
    this.seen = performance.now();
    this.tick();
  }

  private tick(): void {
    const bar = this.bar;
    if (!bar) return;
    const elapsed_s = Number(bar.dataset.elapsedS) + (performance.now() - this.seen) / 1000;
    // Never full before it is: an estimate may be wrong. Without one there is no value to move.
    if (bar.hasAttribute("value")) bar.value = Math.min(elapsed_s, bar.max * 0.97);
    const told = this.querySelector("[data-elapsed]");
    if (told) told.textContent = span(elapsed_s);
  }

  private get bar(): HTMLProgressElement | null {
    return this.querySelector("progress");
  }
}
