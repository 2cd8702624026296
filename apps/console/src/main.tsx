import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { App } from './app.tsx';
import { Speaking } from './i18n/language.tsx';
import { SessionKeeping } from './session/session.tsx';
import { Sheltered } from './ui/sheltered.tsx';
import { startTheme } from './ui/theme.ts';
import { Toasts } from './ui/toast.tsx';
import './styles.css';

startTheme();
const place = document.getElementById('app');
if (place === null) throw new Error('The page has no place for the console');
createRoot(place).render(
  <StrictMode>
    <Speaking>
      <Sheltered>
        <SessionKeeping>
          <Toasts>
            <Router base="/console">
              <App />
            </Router>
          </Toasts>
        </SessionKeeping>
      </Sheltered>
    </Speaking>
  </StrictMode>,
);
