/** <renew-region name=…>: keeps a part of the page that the service draws up to date while somebody looks at it. */

import { renewRegions } from "./renewal.js";

const EVERY_MS = 5000;

export class RenewRegion extends HTMLElement {
  private timer = 0;

  connectedCallback(): void {
    this.timer = window.setInterval(() => void this.renew(), EVERY_MS);
  }

  disconnectedCallback(): void {
    window.clearInterval(this.timer);
  }

  private async renew(): Promise<void> {
    // Nothing is taken away under somebody's hands, and nothing is drawn that nobody sees.
    if (this.querySelector("details[open]") || document.visibilityState !== "visible") return;
    const held = this.contains(document.activeElement) ? document.activeElement : null;
    await renewRegions(this.getAttribute("name") ?? "");
    // What the keyboard was on may have been drawn anew.
    if (held && !held.isConnected) [...this.querySelectorAll<HTMLElement>(held.tagName)].find((one) => one.outerHTML === held.outerHTML)?.focus();
  }
}
