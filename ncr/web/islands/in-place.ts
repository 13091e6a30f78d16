/** <in-place>: sends the form inside and takes over what it changed, so that the rest of the page (a shell) stays. */

import { putSaid, renewFrom } from "./renewal.js";

const PATIENCE_MS = 15_000;

export class InPlace extends HTMLElement {
  private isBusy = false;

  connectedCallback(): void {
    this.addEventListener("submit", (event) => {
      const form = event.target as HTMLFormElement;
      event.preventDefault();
      if (!this.isBusy) void this.send(form);
    });
  }

  private async send(form: HTMLFormElement): Promise<void> {
    this.isBusy = true;
    const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    const sent = { method: "POST", body, signal: AbortSignal.timeout(PATIENCE_MS) };
    const answer = await fetch(form.action, sent).catch(() => null);
    this.isBusy = false;
    const fresh = answer ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    // Out of reach, or a page that is not this one: the browser's own way shows what is the matter.
    if (!fresh || fresh.title !== document.title) return form.submit();
    const region = this.closest<HTMLElement>("[data-renew]");
    const hadFocus = this.contains(document.activeElement);
    renewFrom(fresh);
    putSaid(fresh);
    if (hadFocus && document.activeElement === document.body) region?.querySelector("summary")?.focus();
  }
}
