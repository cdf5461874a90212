/** Markup that is safe to put into a page. */
export type Html = { readonly markup: string };

/** Escapes what is put in, unless it is markup already. */
export function html(texts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const parts = texts.map((text, index) => text + (index < values.length ? toMarkup(values[index] ?? '') : ''));
  return { markup: parts.join('') };
}

function toMarkup(value: string | Html | readonly Html[]): string {
  if (typeof value === 'string') return escapeText(value);
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
}

/** Text with `code` in it. */
export function prose(text: string): Html {
  const parts = text.split('`').map((part, index) => (index % 2 ? html`<code>${part}</code>` : html`${part}`));
  return html`${parts}`;
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
