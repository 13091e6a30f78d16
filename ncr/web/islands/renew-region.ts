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
    // Nothing is taken away under somebody's hands.
    const isInUse = this.querySelector("details[open]") !== null || this.contains(document.activeElement);
    if (!isInUse && document.visibilityState === "visible") await renewRegions(this.getAttribute("name") ?? "");
  }
}
