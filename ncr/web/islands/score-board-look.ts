/** How the scoreboard looks: wide on a desk, four columns on a phone, and as high as the wall it hangs on. */

import { css } from "lit";

export const boardLook = css`
  header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: end; gap: .6rem 2rem; margin: 0 0 1rem; }
  .times { display: flex; flex-wrap: wrap; align-items: end; gap: .4rem 1.6rem; }
  .live { color: var(--good, #0f6b3f); font-size: .84em; font-weight: 600; padding-bottom: .3em; }
  h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.015em; }
  h2 { margin: 0 0 .4em; font-size: 1.05rem; }
  .scroll { overflow-x: auto; background: var(--surface-raised, #fff); border: 1px solid var(--line, #cdd5df); border-radius: var(--radius, 10px); }
  .scroll.long { overflow: auto; max-height: 85vh; }
  .long thead th { position: sticky; top: 0; z-index: 1; background: var(--surface-raised, #fff); box-shadow: 0 1px var(--line, #cdd5df); }
  .scroll:focus-visible { outline: 3px solid var(--accent, #1f4fbf); outline-offset: 2px; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .5em .7em; border-bottom: 1px solid var(--line, #cdd5df); vertical-align: middle; }
  tbody tr:last-child > * { border-bottom: 0; }
  thead th { font-size: .84em; color: var(--ink-muted, #4b5a6e); font-weight: 600; vertical-align: bottom; }
  .number { text-align: right; white-space: nowrap; }
  thead .number { font-family: inherit; }
  .rank { text-align: right; width: 5.2em; white-space: nowrap; font-weight: 700; font-size: 1.05em; }
  thead .rank { font-size: .84em; padding-right: 3.2em; }
  .top-1 .rank, .top-1 .points { color: var(--gold, #8a6200); }
  tbody th { max-width: 18em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  tbody .name { font-weight: 700; font-size: 1.05em; color: var(--ink, #131c2b); }
  .partner { font-weight: 400; font-size: .85em; margin-left: .5em; }
  .points { font-weight: 800; font-size: 1.2em; }
  .moved { display: inline-block; width: 2.4em; margin-left: .35em; text-align: left; font-size: .75em; font-weight: 700; }
  .rose { color: var(--good, #0f6b3f); }
  .fell { color: var(--bad, #b3201f); }
  .trend { width: 6.5em; }
  .trend svg { width: 6em; height: 1.7em; display: block; }
  polyline { fill: none; stroke: var(--accent, #1f4fbf); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
  .task, .check { text-align: center; padding-inline: .15em; width: 2.2em; min-width: 1.9em; }
  .check .service { margin: 0; }
  thead .check:first-of-type, .task + .check { border-left: 2px solid var(--line, #cdd5df); }
  .turned { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); max-height: 9em; max-width: 2.4em; overflow: hidden; line-height: 1.15; text-wrap: balance; hyphens: auto; }
  .worth { display: block; margin-top: .3em; font-size: .88em; font-weight: 400; text-align: center; font-variant-numeric: tabular-nums; }
  td.task { font-size: 1.1em; color: var(--line-strong, #7b8a9d); }
  td.first { color: var(--gold, #8a6200); font-weight: 700; }
  td.right { color: var(--good, #0f6b3f); font-weight: 700; }
  tfoot td { border-bottom: 0; font-size: .84em; }
  .ticker { margin-top: 1.2rem; }
  .ticker ol { list-style: none; margin: 0; padding: 0; }
  .ticker li { display: grid; grid-template-columns: auto 1fr; gap: .8em; align-items: baseline; padding: .25em 0; color: var(--ink, #131c2b); font-weight: 400; }
  .ticker time { color: var(--ink-muted, #4b5a6e); font-size: .86em; }

  @media (max-width: 60rem) {
    .trend { display: none; }
  }
  @media (max-width: 46rem) {
    .task, .check { display: none; }
    .partner { display: block; margin: 0; }
    th, td { padding: .5em .45em; }
    tbody th { max-width: none; white-space: normal; overflow-wrap: anywhere; }
    .rank { width: 3.6em; }
    thead .rank { padding-right: .45em; }
    .moved { width: 1.8em; margin-left: .2em; }
    tbody .name { font-size: .92em; }
  }

  /* Everything that is not a row takes about 15 rem of the wall; the rows share the rest, and their text grows with them. */
  :host([projector]) { --row: clamp(1.5rem, (100vh - 15rem) / var(--rows, 6), 3.6rem); font-size: 1rem; }
  :host([projector]) header { flex-wrap: nowrap; margin-bottom: .5rem; }
  :host([projector]) h1 { font-size: 1.6em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  :host([projector]) .times, :host([projector]) dl { flex-wrap: nowrap; }
  :host([projector]) header dt, :host([projector]) .live { font-size: .7em; }
  :host([projector]) header dd { font-size: 1.35em; }
  :host([projector]) tbody tr { height: var(--row); }
  :host([projector]) tbody th, :host([projector]) tbody td { padding-block: 0; }
  :host([projector]) tbody .name, :host([projector]) tbody .points, :host([projector]) tbody .rank { font-size: min(calc(var(--row) * .52), 1.45rem); }
  :host([projector]) tbody td.task, :host([projector]) .check .service { font-size: min(calc(var(--row) * .5), 1.25rem); }
  :host([projector]) tbody th { max-width: 17rem; }
  :host([projector]) th, :host([projector]) td { padding-inline: .45em; }
  :host([projector]) .task, :host([projector]) .check { padding-inline: .1rem; width: 1.6rem; min-width: 1.35rem; }
  :host([projector]) .rank { width: 4rem; }
  :host([projector]) .trend svg { width: 5em; height: calc(var(--row) * .6); max-height: 1.9em; }
  :host([projector]) .trend { width: 5.4em; }
  :host([projector]) polyline { stroke-width: 3; }
  :host([projector]) .solved { display: none; }
  :host([projector]) thead th { font-size: .56em; padding-bottom: .35em; }
  :host([projector]) .turned { max-height: 7.6em; }
  :host([projector]) .ticker { font-size: .74em; margin-top: .6rem; }
  :host([projector]) .ticker h2 { display: none; }
  :host([projector]) .ticker ol { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 1.5em; }
  :host([projector]) .ticker li > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  :host([projector]) .notice { padding-block: .3em; margin-bottom: .5rem; font-size: .8em; }
`;
