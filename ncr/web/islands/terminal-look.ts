/** How a terminal looks: its tools above, the shell, and on a phone a row of keys below. */

import { css, unsafeCSS } from "lit";
import xterm from "@xterm/xterm/css/xterm.css";
import { look } from "./island.js";

export const terminalLook = [
  look,
  unsafeCSS(xterm),
  css`
    :host { display: flex; flex-direction: column; min-width: 0; border: 1px solid var(--line-strong, #7b8a9d); border-radius: var(--radius-small, 6px); background: var(--surface-raised, #fff); overflow: hidden; }
    :host([fill]) { flex: 1; min-height: 14rem; }
    .bar { display: flex; flex-wrap: wrap; gap: .3rem; align-items: center; padding: .3rem .4rem; border-bottom: 1px solid var(--line, #cdd5df); background: var(--surface-sunk, #e8ecf1); }
    .bar strong { margin: 0 auto 0 .3rem; padding-right: .6rem; }
    button, .button { font: inherit; font-size: .88rem; font-weight: 600; min-height: 2.2rem; min-width: 2.2rem; padding: .1rem .6rem; border-radius: var(--radius-small, 6px); border: 1px solid var(--line-strong, #7b8a9d); background: var(--surface-raised, #fff); color: var(--ink, #131c2b); cursor: pointer; }
    button:hover { border-color: var(--accent, #1f4fbf); }
    button:focus-visible { outline: 3px solid var(--accent, #1f4fbf); outline-offset: 1px; }
    button[aria-pressed=true] { background: var(--accent, #1f4fbf); border-color: var(--accent, #1f4fbf); color: var(--accent-ink, #fff); }
    button.main { background: var(--accent, #1f4fbf); border-color: var(--accent, #1f4fbf); color: var(--accent-ink, #fff); }
    .said { padding: 0 .5rem; }
    .said .notice { margin: .4rem 0; padding: .4em .8em; border-color: var(--accent, #1f4fbf); background: var(--accent-soft, #e4ecfc); }
    .said .notice.bad { border-color: var(--bad, #b3201f); background: var(--bad-soft, #fce4e3); }
    .said .notice.good { border-color: var(--good, #0f6b3f); background: var(--good-soft, #dff3e7); }
    .again { padding: 0 .5rem .5rem; }
    .again a { color: var(--accent, #1f4fbf); }
    .screen { height: clamp(16rem, 52vh, 44rem); padding: .2rem 0 .1rem .3rem; border: 3px solid transparent; overflow: auto hidden; }
    .screen:focus-within { border-color: var(--accent, #1f4fbf); }
    :host([fill]) .screen { flex: 1; height: auto; min-height: 8rem; }
    :host([fill]) .bar, :host([quiet]) .bar { justify-content: flex-end; }
    :host([fill]) .bar strong, :host([quiet]) .bar strong { display: none; }
    .help { margin: 0; padding: .3rem .6rem; font-size: .84rem; color: var(--ink-muted, #4b5a6e); border-top: 1px solid var(--line, #cdd5df); }
    .keys { display: none; grid-template-columns: repeat(10, 1fr); gap: .2rem; padding: .2rem; border-top: 1px solid var(--line, #cdd5df); }
    .keys button { min-width: 0; min-height: 2.75rem; padding: 0; font-size: .8rem; }
    @media (pointer: coarse), (max-width: 46rem) {
      .keys { display: grid; }
      .help { display: none; }
      .bar strong { flex: 1 0 100%; }
      .bar button { flex: 1 0 auto; min-height: 2.6rem; padding: .1rem .4rem; font-size: .82rem; }
      .screen { height: clamp(14rem, 46vh, 30rem); }
    }
  `,
];
