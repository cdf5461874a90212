import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { applyTheme, storedTheme } from './theme.tsx';

applyTheme(storedTheme());
const root = document.getElementById('page');
if (!root) throw new Error('the document has no #page');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
