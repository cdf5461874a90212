/** Follows the reader's light or dark. */
export const stylesheet = `:root {
  color-scheme: light dark;
  --line: light-dark(#d6d9de, #3a3f47);
  --faint: light-dark(#5a6270, #a3abb8);
  --panel: light-dark(#f6f7f9, #1d2026);
  font: 16px/1.5 system-ui, sans-serif;
}
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: light-dark(#fff, #14161a); color: light-dark(#16181d, #e8eaee); }
a { color: light-dark(#0b57d0, #8ab4f8); }
small, summary span, caption { color: var(--faint); }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
details { border: 1px solid var(--line); border-radius: 0.5rem; margin: 0.5rem 0; background: var(--panel); }
summary { padding: 0.5rem 0.75rem; cursor: pointer; overflow-wrap: anywhere; }
details > :not(summary) { margin: 0.5rem 0.75rem; }
summary b { display: inline-block; min-width: 4.5rem; }
b.get { color: light-dark(#0b6b3a, #7fd8a4); }
b.post { color: light-dark(#0b57d0, #8ab4f8); }
b.put { color: light-dark(#8a5300, #f0bf6c); }
b.delete { color: light-dark(#b3261e, #f2a19b); }
table { border-collapse: collapse; width: calc(100% - 1.5rem); }
caption { text-align: left; }
th, td { border-top: 1px solid var(--line); padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { overflow-wrap: break-word; }
`;
