/** <submit-answer>: sends the form inside without leaving the page, and says in place what came of it. */

import type { Language } from "./board.js";
import { number, say, type Key } from "./messages.js";
import { renewTasks } from "./renewal.js";

const PATIENCE_MS = 15_000;

interface Verdict {
  correct: boolean;
  points_now: number;
  attempts_left: number | null;
}

/** The words for a refused submission, from its status, the problem's type and Retry-After. */
export function refusal(status: number, type: string, retryAfter: string | null, language: Language): string {
  if (status === 429) return say(language, "tooMany", { s: retryAfter ?? "10" });
  const slug = type.split(":").at(-1) ?? "";
  const keys: Record<number, Key> = { 401: "notSignedIn", 403: "notYours", 404: "notYours", 409: "refused", 422: "emptyAnswer" };
  return say(language, slug === "not-open" ? "notOpen" : (keys[status] ?? "notSubmitted"));
}

export class SubmitAnswer extends HTMLElement {
  private readonly status = document.createElement("div");
  /** Sent with an answer until the service has spoken: however often it goes out, it counts once. */
  private key = "";
  private keyFor = "";

  constructor() {
    super();
    this.status.setAttribute("role", "status");
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
  }

  connectedCallback(): void {
    this.append(this.status);
  }

  private get form(): HTMLFormElement | null {
    return this.querySelector("form");
  }

  private get language(): Language {
    return document.documentElement.lang === "en" ? "en" : "nb";
  }

  private async submit(): Promise<void> {
    const form = this.form;
    if (!form || form.getAttribute("aria-busy") === "true") return;
    const answer = new FormData(form).getAll("answer").join(",").trim();
    if (!answer) return this.say("bad", say(this.language, form.querySelector("fieldset") ? "chooseAnswer" : "emptyAnswer"));
    this.hold(form, true);
    this.say("", say(this.language, "sending"));
    const isSolved = await this.ask(form, answer);
    this.hold(form, false);
    if (!isSolved) return;
    form.hidden = true;
    await renewTasks();
  }

  private async ask(form: HTMLFormElement, answer: string): Promise<boolean> {
    try {
      return await this.heed(await this.send(form, answer), form);
    } catch {
      this.say("bad", say(this.language, "unreachable"));
      return false;
    }
  }

  private send(form: HTMLFormElement, answer: string): Promise<Response> {
    if (this.keyFor !== answer) [this.key, this.keyFor] = [freshKey(), answer];
    const path = new URL(form.action).pathname.replace(/\/submit$/, "/submissions");
    return fetch(`/api/v1${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": this.key },
      body: JSON.stringify({ answer }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  }

  private async heed(answer: Response, form: HTMLFormElement): Promise<boolean> {
    if (answer.status < 500 && answer.status !== 429) this.keyFor = "";
    if (answer.ok) return this.judge((await answer.json()) as Verdict, form);
    const problem = (await answer.json().catch(() => ({}))) as { type?: string };
    this.say("bad", refusal(answer.status, problem.type ?? "", answer.headers.get("Retry-After"), this.language));
    return false;
  }

  private judge(verdict: Verdict, form: HTMLFormElement): boolean {
    const left = verdict.attempts_left;
    const attempts = left === null ? "" : say(this.language, left > 0 ? "attemptsLeft" : "noAttempts", { n: left });
    const shown = form.querySelector(":scope > .small");
    if (shown && attempts) shown.textContent = attempts;
    if (verdict.correct) this.say("good", say(this.language, this.hasAttribute("alone") ? "rightAlone" : "right", { points: number(verdict.points_now, this.language) }));
    else this.say("bad", `${say(this.language, "wrong")} ${attempts}`.trim());
    return verdict.correct;
  }

  private hold(form: HTMLFormElement, busy: boolean): void {
    // The page leaves a busy task alone: the fact of a solve may arrive before the answer to its submission.
    form.setAttribute("aria-busy", String(busy));
    const button = form.querySelector("button");
    if (!button) return;
    const hadFocus = document.activeElement === button;
    button.disabled = busy;
    if (!busy && hadFocus) button.focus();
  }

  private say(tone: string, text: string): void {
    const earlier = this.closest("details")?.querySelectorAll(":scope > div > .notice:is([role=status], .verdict)") ?? [];
    for (const notice of earlier) notice.remove();
    const words = Object.assign(document.createElement("p"), { textContent: text });
    const notice = Object.assign(document.createElement("div"), { className: `notice verdict ${tone}`.trim() });
    notice.append(words);
    this.status.replaceChildren(notice);
  }
}

function freshKey(): string {
  // crypto.randomUUID is there only on https; an exercise in a closed room may run on http.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
