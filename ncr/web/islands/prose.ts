/** An author's Markdown as the little of it that messages use: paragraphs, lists, emphasis, code, links; never HTML. */

import { html, type TemplateResult } from "lit";

const MARKS = /\*\*(.+?)\*\*|`([^`]+)`|\*([^*\s][^*]*)\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/s;

/** The text as paragraphs and lists. */
export function prose(text: string): TemplateResult[] {
  return text.trim().split(/\n\s*\n/).map((block) => {
    const lines = block.split("\n").map((line) => line.trim());
    if (lines.every((line) => /^[-*] /.test(line))) return html`<ul>${lines.map((line) => html`<li>${inline(line.slice(2))}</li>`)}</ul>`;
    return html`<p>${inline(lines.join(" "))}</p>`;
  });
}

function inline(text: string): (TemplateResult | string)[] {
  const found = MARKS.exec(text);
  if (!found) return [text];
  const [all, strong, code, soft, words, address] = found;
  const rest = inline(text.slice(found.index + all.length));
  return [text.slice(0, found.index), marked(strong, code, soft, words, address), ...rest];
}

function marked(strong?: string, code?: string, soft?: string, words?: string, address?: string): TemplateResult {
  if (strong) return html`<strong>${inline(strong)}</strong>`;
  if (code) return html`<code>${code}</code>`;
  if (soft) return html`<em>${inline(soft)}</em>`;
  return html`<a href=${address ?? ""} rel="noreferrer">${words}</a>`;
}
