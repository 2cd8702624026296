import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { keepAs, keptAs } from '../kept.ts';
import { en, type TextKey, type Texts } from './en.ts';
import { ko } from './ko.ts';

/** Languages the console speaks. */
export const LANGUAGES = { en: 'English', ko: '한국어' } as const;
/** A language. */
export type Language = keyof typeof LANGUAGES;

const TEXTS: Readonly<Record<Language, Texts>> = { en, ko };
/** A preference and no secret: the one thing, beside the appearance, that is kept in the browser. */
const KEPT_AS = 'waiaas.language';

/** Says a text, with what belongs into its places. */
export type Say = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

interface Speech {
  readonly language: Language;
  setLanguage(language: Language): void;
  readonly t: Say;
  /** A moment, ISO 8601, as people of this language write it. */
  readonly when: (iso: string) => string;
}

const Context = createContext<Speech | null>(null);

const isLanguage = (text: string | null): text is Language => text !== null && Object.hasOwn(LANGUAGES, text);

function first(): Language {
  const kept = keptAs(KEPT_AS);
  if (isLanguage(kept)) return kept;
  return navigator.language.startsWith('ko') ? 'ko' : 'en';
}

/** Gives everything below it a language. */
export function Speaking({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(first);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speech = useMemo<Speech>(() => {
    const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
    const figures = new Intl.NumberFormat(language);
    const inWords = (value: string | number): string => (typeof value === 'number' ? figures.format(value) : value);
    return {
      language,
      setLanguage(next) {
        keepAs(KEPT_AS, next);
        setLanguage(next);
      },
      t: (key, values = {}) =>
        TEXTS[language][key].replaceAll(/\{(\w+)\}/g, (place, name: string) => inWords(values[name] ?? place)),
      when: (iso) => (Number.isNaN(Date.parse(iso)) ? iso : format.format(new Date(iso))),
    };
  }, [language]);
  return <Context value={speech}>{children}</Context>;
}

/** The language that is spoken here. */
export function useSpeech(): Speech {
  const speech = useContext(Context);
  if (speech === null) throw new Error('useSpeech needs Speaking above it');
  return speech;
}
