/** <message-list>: what was said to this team, newest first; new ones are announced. */

import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Message } from "./board.js";
import { Island, look } from "./island.js";
import { say, textOf } from "./messages.js";
import { prose } from "./prose.js";
import { timeOfDay } from "./times.js";

export class MessageList extends Island {
  static override styles = [
    look,
    css`
      ol { list-style: none; margin: 0; padding: 0; }
      li { padding: .6em 0; border-bottom: 1px solid var(--line, #cdd5df); }
      p, ul { margin: .4em 0 0; overflow-wrap: anywhere; max-width: 70ch; }
      ul { padding-left: 1.2em; }
      li li { padding: 0; border: 0; }
      code { font-family: var(--font-mono, ui-monospace, monospace); font-size: .92em; }
      a { color: var(--accent, #1f4fbf); }
      time { color: var(--ink-muted, #4b5a6e); font-size: .86em; }
    `,
  ];

  override render(): TemplateResult {
    // What the page came with stays until something live is known: its own words are rendered as Markdown.
    if (this.board.messages.length === 0) return html`<slot></slot>`;
    const newest = [...this.board.messages].reverse();
    return html`<ol aria-live="polite" aria-relevant="additions">${repeat(newest, (one) => one.id, (one) => this.item(one))}</ol>`;
  }

  private item(message: Message): TemplateResult {
    const sender = textOf(message.from, this.language);
    const title = textOf(message.title, this.language);
    return html`<li>
      <time class="number" datetime=${message.at}>${timeOfDay(Date.parse(message.at), this.language)}</time>
      ${title ? html`<strong>${title}</strong>` : nothing}
      ${sender ? html`<span class="muted">${say(this.language, "from")} ${sender}</span>` : nothing}
      ${prose(textOf(message.text, this.language))}
    </li>`;
  }
}
