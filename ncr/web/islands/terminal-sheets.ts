/** Lets xterm.js look as it should under a policy without inline styles: what it writes into style elements and style
 * attributes becomes sheets of the shadow root and declarations, which the policy allows a script to make. */

import type { Terminal } from "@xterm/xterm";

const create = (name: string): HTMLElement => Document.prototype.createElement.call(document, name);

/** A document that makes everything as the page's own does, except what the policy forbids; for `documentOverride`. */
export function strictDocument(root: ShadowRoot): Document {
  const make = (name: string): HTMLElement => {
    if (name === "style") return sheetOf(root);
    const made = create(name);
    if (name === "span") made.setAttribute = setAttribute;
    return made;
  };
  return new Proxy(document, {
    get(page, name) {
      if (name === "createElement") return make;
      const value: unknown = Reflect.get(page, name, page);
      return typeof value === "function" ? value.bind(page) : value;
    },
  });
}

/** Open the terminal at `place`. One of its style elements is made by the page's own document, whatever the override. */
export function openAt(place: HTMLElement, terminal: Terminal, strict: Document): void {
  Object.defineProperty(document, "createElement", { value: strict.createElement, configurable: true });
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
  const place = Object.assign(create("span"), { hidden: true });
  Object.defineProperty(place, "textContent", { set: (text: string) => sheet.replaceSync(text) });
  place.remove = () => {
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((one) => one !== sheet);
    Element.prototype.remove.call(place);
  };
  return place;
}

function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}
