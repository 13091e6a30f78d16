/** How the scoreboard looks: a table that becomes cards on a phone and grows on the wall. */

import { css } from "lit";

export const boardLook = css`
  header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: end; gap: .6rem 2rem; margin: 0 0 1rem; }
  h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.015em; }
  h2 { margin: 0 0 .4em; font-size: 1.05rem; }
  .scroll { overflow-x: auto; background: var(--surface-raised, #fff); border: 1px solid var(--line, #cdd5df); border-radius: var(--radius, 10px); }
  .scroll:focus-visible { outline: 3px solid var(--accent, #1f4fbf); outline-offset: 2px; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .5em .7em; border-bottom: 1px solid var(--line, #cdd5df); vertical-align: middle; }
  tbody tr:last-child > * { border-bottom: 0; }
  thead th { font-size: .84em; color: var(--ink-muted, #4b5a6e); font-weight: 600; vertical-align: bottom; }
  .number { text-align: right; white-space: nowrap; }
  .rank { text-align: right; width: 4.2em; white-space: nowrap; font-weight: 700; }
  .top-1 .rank, .top-1 .points { color: var(--gold, #8a6200); }
  tbody th { max-width: 18em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  tbody .name { font-weight: 700; font-size: 1.05em; color: var(--ink, #131c2b); }
  .partner { font-weight: 400; font-size: .85em; margin-left: .5em; }
  .points { font-weight: 800; font-size: 1.15em; }
  .moved { font-size: .75em; margin-left: .35em; font-weight: 700; }
  .rose { color: var(--good, #0f6b3f); }
  .fell { color: var(--bad, #b3201f); }
  .trend { width: 6.5em; }
  .trend svg { width: 6em; height: 1.6em; display: block; }
  polyline { fill: none; stroke: var(--accent, #1f4fbf); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
  .task, .check { text-align: center; padding-inline: .15em; width: 1.9em; min-width: 1.7em; }
  .check .service { margin: 0; }
  thead .check:first-of-type, .task + .check { border-left: 2px solid var(--line, #cdd5df); }
  .turned { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); max-height: 10.5em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; line-height: 1.2; }
  .worth { display: block; font-size: .82em; text-align: center; }
  .first { color: var(--gold, #8a6200); font-weight: 700; }
  .right { color: var(--good, #0f6b3f); font-weight: 700; }
  .ticker { margin-top: 1rem; }
  .ticker ol { list-style: none; margin: 0; padding: 0; }
  .ticker li { padding: .25em 0; color: var(--ink, #131c2b); font-weight: 400; }
  .ticker time { color: var(--ink-muted, #4b5a6e); font-size: .86em; margin-right: .6em; }

  @media (max-width: 60rem) {
    .trend { display: none; }
  }
  @media (max-width: 46rem) {
    .task, .check { display: none; }
    .partner { display: block; margin: 0; }
    th, td { padding: .5em .45em; }
    tbody th { max-width: 45vw; }
    .rank { width: 3em; }
  }

  :host([projector]) { font-size: clamp(1rem, 1.15vh + .45vw, 2.2rem); }
  :host([projector]) header { flex-wrap: nowrap; margin-bottom: .5rem; }
  :host([projector]) h1 { font-size: 1.5em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  :host([projector]) dl { flex-wrap: nowrap; }
  :host([projector]) header dd { font-size: 1.5em; }
  :host([projector]) tbody th, :host([projector]) tbody td { padding-block: .32em; }
  :host([projector]) tbody .name, :host([projector]) .points { font-size: 1.3em; }
  :host([projector]) tbody th { max-width: 14em; }
  :host([projector]) .solved { display: none; }
  :host([projector]) thead th { font-size: .68em; }
  :host([projector]) .ticker { font-size: .85em; margin-top: .6rem; }
  :host([projector]) .ticker h2 { display: none; }
`;
