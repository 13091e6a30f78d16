/** Brings parts of the page that the service has drawn up to date, without taking away what somebody is writing. */

import { say } from "./messages.js";
import type { Language } from "./board.js";

const MOST_WAIT_MS = 1500;
let running: Promise<void> | null = null;
let again = false;

/** Take the team's tasks anew from the service: what is solved, and what has opened by it. */
export function renewTasks(): Promise<void> {
  if (running) {
    again = true;
    return running;
  }
  running = takeTasks().finally(() => {
    running = null;
    if (again) void ((again = false), renewTasks());
  });
  return running;
}

async function takeTasks(): Promise<void> {
  const fresh = await takePage();
  if (fresh) putTasks(fresh);
}

function putTasks(fresh: Document): void {
  for (const task of fresh.querySelectorAll<HTMLDetailsElement>("details.task")) {
    const old = document.getElementById(task.id);
    if (old instanceof HTMLDetailsElement && !old.querySelector("form[aria-busy=true]")) replaceTask(old, task);
  }
}

/** The page as the service draws it now. */
export async function takePage(): Promise<Document | null> {
  const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(15_000) }).catch(() => null);
  // Out of reach: the page stays as it is, and the next change asks again.
  return answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

/** Draw the marked regions of the page anew, or the one named; whether that brings all of the page up to date. */
export async function renewRegions(name = ""): Promise<boolean> {
  const fresh = await takePage();
  return fresh ? putRegions(fresh, name) : true;
}

/** Take over the tasks and the marked regions of the page as it is now. */
export function renewFrom(fresh: Document): void {
  putTasks(fresh);
  putRegions(fresh, "");
}

/** What the service says came of it stands on top, and is heard. */
export function putSaid(fresh: Document): void {
  const mark = "main > .notice[role=status]";
  document.querySelector(mark)?.remove();
  const said = fresh.querySelector<HTMLElement>(mark);
  if (!said) return;
  document.querySelector("main")?.prepend(said);
  said.scrollIntoView({ block: "nearest" });
}

function putRegions(fresh: Document, name: string): boolean {
  const mark = name ? `[data-renew=${name}]` : "[data-renew]";
  const drawn = new Map([...fresh.querySelectorAll<HTMLElement>(mark)].map((one) => [one.dataset.renew, one]));
  const regions = [...document.querySelectorAll<HTMLElement>(mark)];
  for (const region of regions) {
    const next = drawn.get(region.dataset.renew);
    if (!next || next.innerHTML === region.innerHTML) continue;
    region.replaceChildren(...next.childNodes);
    region.dispatchEvent(new Event("renewed", { bubbles: true }));
  }
  const mayAnswer = (page: Document) => page.querySelector("form.answer") !== null;
  return mayAnswer(fresh) === mayAnswer(document);
}

function replaceTask(old: HTMLDetailsElement, fresh: HTMLDetailsElement): void {
  const hints = (task: Element) => task.querySelectorAll(".notice:not([role], .verdict)").length;
  const summary = old.querySelector("summary");
  const drawn = fresh.querySelector("summary");
  if (old.className.trim() === fresh.className.trim() && hints(old) === hints(fresh)) {
    if (summary && drawn) summary.replaceChildren(...drawn.cloneNode(true).childNodes);
    return;
  }
  const verdict = old.querySelector(".notice.verdict");
  const hadFocus = old.contains(document.activeElement);
  const typed = old.querySelector<HTMLInputElement>("form.answer input:not([type])")?.value ?? "";
  fresh.open = old.open;
  if (verdict) fresh.querySelector(":scope > div")?.prepend(verdict);
  const input = fresh.querySelector<HTMLInputElement>("form.answer input:not([type])");
  if (input) input.value = typed;
  old.replaceWith(fresh);
  if (hadFocus) fresh.querySelector("summary")?.focus();
}

/** Put another page's content in this one's place: no flash, no scrolling, and the focus stays where people can go on. */
export function renewMain(fresh: Document): void {
  const [main, drawn] = [document.querySelector("main"), fresh.querySelector("main")];
  if (!main || !drawn) return location.reload();
  for (const link of fresh.querySelectorAll<HTMLLinkElement>("head link[rel=stylesheet]")) {
    if (!document.querySelector(`link[href="${link.getAttribute("href") ?? ""}"]`)) document.head.append(link);
  }
  for (const script of fresh.querySelectorAll("script[src]")) {
    const source = script.getAttribute("src") ?? "";
    // One that a parsed page brings along never runs; a made one does.
    if (!document.querySelector(`script[src="${source}"]`)) document.body.append(Object.assign(document.createElement("script"), { type: "module", src: source }));
  }
  const hadFocus = main.contains(document.activeElement);
  document.title = fresh.title;
  main.replaceChildren(...drawn.childNodes);
  if (hadFocus) (main.querySelector<HTMLElement>("h1[tabindex]") ?? main).focus();
}

/** Draw the whole page anew, soon; when somebody is writing in it, say instead that it should be. */
export function renewPage(language: Language): void {
  // Spread, because every team's page wants it in the second the exercise opens.
  setTimeout(() => void renewNow(language), Math.random() * MOST_WAIT_MS);
}

async function renewNow(language: Language): Promise<void> {
  if (isWriting()) suggestRenewal(language);
  // A shell would come back after a reload, but nobody should see it go.
  else if (!document.querySelector("open-terminals[open]")) location.reload();
  else if (!(await renewRegions())) suggestRenewal(language);
  else document.getElementById("renewal")?.remove();
}

function isWriting(): boolean {
  const fields = [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("main input, main textarea")];
  const isChanged = (field: HTMLInputElement | HTMLTextAreaElement) =>
    field.value !== field.defaultValue || (field instanceof HTMLInputElement && field.checked !== field.defaultChecked);
  return fields.some(isChanged) || document.querySelector("main details.confirm[open]") !== null;
}

function suggestRenewal(language: Language): void {
  const id = "renewal";
  if (document.getElementById(id)) return;
  const notice = Object.assign(document.createElement("div"), { id, className: "notice" });
  notice.setAttribute("role", "status");
  const link = Object.assign(document.createElement("a"), { href: location.pathname, textContent: say(language, "refresh") });
  const words = document.createElement("p");
  words.append(`${say(language, "stateChanged")} `, link);
  notice.append(words);
  document.querySelector("main")?.prepend(notice);
}
