/** Lets xterm.js look as it should under a policy without inline styles: what it writes into style elements and style
 * attributes becomes sheets of the shadow root and declarations, which the policy lets a script make. */

import type { Terminal } from "@xterm/xterm";

/** Open the terminal at `place`, inside `root`: all the style elements it ever has are made while it opens. */
export function openAt(place: HTMLElement, terminal: Terminal, root: ShadowRoot): void {
  const create = (name: string) => (name === "style" ? sheetOf(root) : Document.prototype.createElement.call(document, name));
  Object.defineProperty(document, "createElement", { value: create, configurable: true });
  try {
    terminal.open(place);
  } finally {
    Reflect.deleteProperty(document, "createElement");
  }
}

/** What stands in for a style element: its text becomes a sheet of `root`. */
function sheetOf(root: ShadowRoot): HTMLElement {
  const sheet = new CSSStyleSheet();
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  const place = Object.assign(Document.prototype.createElement.call(document, "span"), { hidden: true });
  Object.defineProperty(place, "textContent", { set: (text: string) => sheet.replaceSync(text) });
  place.remove = () => {
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((one) => one !== sheet);
    Element.prototype.remove.call(place);
  };
  return place;
}

// The colours of cells that are not in the palette are style attributes of spans that xterm.js makes while it draws.
HTMLSpanElement.prototype.setAttribute = function (name: string, value: string): void {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
};
