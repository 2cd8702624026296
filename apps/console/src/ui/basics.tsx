import { type ComponentProps, type ReactNode, useId, useState } from 'react';
import { useSpeech } from '../i18n/language.tsx';
import { nameInWords } from '../i18n/names.ts';

const BUTTONS = {
  plain: 'border border-line bg-surface text-ink hover:bg-raised',
  primary: 'border border-transparent bg-accent text-on-accent hover:opacity-95',
  danger: 'border border-transparent bg-bad text-on-bad hover:opacity-95',
  quiet: 'border border-transparent text-muted hover:bg-raised hover:text-ink',
} as const;

/**
 * A button. It is none of a form's unless it says so, so that Enter never does what is dangerous. While it is busy it does
 * nothing, but keeps the focus: whoever works with the keyboard goes on from where they were.
 */
export function Button({
  kind = 'plain',
  busy = false,
  className = '',
  type = 'button',
  onClick,
  ...rest
}: ComponentProps<'button'> & { readonly kind?: keyof typeof BUTTONS; readonly busy?: boolean }) {
  return (
    <button
      type={type}
      aria-disabled={busy}
      aria-busy={busy}
      onClick={(event) => (busy ? event.preventDefault() : onClick?.(event))}
      className={`inline-flex min-h-9 items-center justify-center gap-2 rounded-lg px-3.5 py-1.5 text-sm font-medium motion-safe:transition-colors disabled:opacity-55 aria-disabled:opacity-55 ${BUTTONS[kind]} ${className}`}
      {...rest}
    />
  );
}

const TONES = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  info: 'bg-info-soft text-info',
  quiet: 'bg-raised text-muted',
} as const;
/** What a colour says, beside the word in it. */
export type Tone = keyof typeof TONES;

const TONE_OF: Readonly<Record<string, Tone>> = {
  CONFIRMED: 'good',
  ACTIVE: 'good',
  COMPLETED: 'good',
  NORMAL: 'good',
  DELIVERED: 'good',
  INSTANT: 'good',
  NOTIFY: 'info',
  DELAY: 'warn',
  APPROVAL: 'bad',
  PENDING: 'info',
  QUEUED: 'warn',
  EXECUTING: 'info',
  SUBMITTED: 'info',
  CREATING: 'info',
  TERMINATING: 'warn',
  SUSPENDED: 'warn',
  PARTIAL: 'warn',
  warning: 'warn',
  FAILED: 'bad',
  not_authentic: 'bad',
  critical: 'bad',
  ACTIVATED: 'bad',
};

/** A state, a tier, a severity: the word of the API, in the colour of what it means. */
export function Badge({ children, tone }: { readonly children: string; readonly tone?: Tone }) {
  return (
    <span
      className={`inline-block rounded-full px-2 py-0.5 text-xs font-semibold whitespace-nowrap ${TONES[tone ?? TONE_OF[children] ?? 'quiet']}`}
    >
      {children}
    </span>
  );
}

/** What the API names by a code: in words, with the code beside it. */
export function Named({ code }: { readonly code: string }) {
  const { t } = useSpeech();
  const words = nameInWords(code, t);
  return words === code ? (
    code
  ) : (
    <>
      {words} <code className="text-xs font-normal text-muted">{code}</code>
    </>
  );
}

/** Something that is said on the page itself. */
export function Notice({ kind, children }: { readonly kind: Tone; readonly children: ReactNode }) {
  return (
    <div role={kind === 'bad' ? 'alert' : 'status'} className={`my-3 rounded-lg px-4 py-3 text-sm ${TONES[kind]}`}>
      {children}
    </div>
  );
}

/** A part of a page with its heading. */
export function Card({
  title,
  action,
  children,
  className = '',
}: {
  readonly title?: string;
  readonly action?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}) {
  const id = useId();
  return (
    <section
      aria-labelledby={title === undefined ? undefined : id}
      className={`min-w-0 rounded-xl border border-line bg-surface p-4 sm:p-5 ${className}`}
    >
      {(title !== undefined || action !== undefined) && (
        <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
          {title !== undefined && (
            <h2 id={id} className="font-semibold">
              {title}
            </h2>
          )}
          {action}
        </div>
      )}
      {children}
    </section>
  );
}

/** Says that there is nothing, and what comes here. */
export function EmptyState({ title, text }: { readonly title: string; readonly text?: string }) {
  return (
    <div className="px-4 py-10 text-center">
      <p className="font-medium">{title}</p>
      {text !== undefined && <p className="mx-auto mt-1 max-w-md text-sm text-muted">{text}</p>}
    </div>
  );
}

const INPUT =
  'w-full min-h-10 rounded-lg border border-line bg-surface px-3 py-2 text-ink placeholder:text-muted disabled:opacity-60';

interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
}

/** A line to type in, with its label. */
export function TextField({ label, hint, ...rest }: FieldProps & ComponentProps<'input'>) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <input id={id} className={INPUT} aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...rest} />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1 text-xs text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

/** Several lines to type in. */
export function TextArea({ label, hint, ...rest }: FieldProps & ComponentProps<'textarea'>) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <textarea
        id={id}
        rows={4}
        className={`${INPUT} font-mono text-sm`}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        {...rest}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1 text-xs text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

/** One of several. */
export function SelectField({
  label,
  hint,
  options,
  value,
  onValue,
  disabled,
}: FieldProps & {
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly disabled?: boolean;
}) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <select
        id={id}
        className={INPUT}
        value={value}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onValue(event.target.value)}
      >
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1 text-xs text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

/** What the picture of the copy button shows: two sheets, a tick, a cross. */
const PICTURES = {
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  copied: 'M3 8.5l3.5 3.5 6.5-8',
  notCopied: 'M4 4l8 8M12 4l-8 8',
} as const;

/** Puts a text onto the clipboard. What became of that is said beside it, and moves nothing. */
export function CopyButton({
  text,
  label,
  onCopied,
  isFirst = false,
}: {
  readonly text: string;
  readonly label: string;
  readonly onCopied?: () => void;
  /** Whether a dialog begins with it. */
  readonly isFirst?: boolean;
}) {
  const { t } = useSpeech();
  const [outcome, setOutcome] = useState<'copied' | 'notCopied' | null>(null);
  return (
    <span className="relative inline-flex items-center align-middle">
      <button
        type="button"
        aria-label={`${t('common.copy')}: ${label}`}
        data-dialog-first={isFirst ? '' : undefined}
        title={t('common.copy')}
        className={`-my-1 -ml-1.5 inline-flex size-7 items-center justify-center rounded-md hover:bg-raised hover:text-ink ${outcome === 'copied' ? 'text-good' : outcome === 'notCopied' ? 'text-bad' : 'text-muted'}`}
        onClick={async () => {
          // A browser may not permit it, and has no clipboard at all for a page that is neither local nor encrypted.
          const isDone = await Promise.resolve()
            .then(() => navigator.clipboard.writeText(text))
            .then(
              () => true,
              () => false,
            );
          setOutcome(isDone ? 'copied' : 'notCopied');
          if (isDone) onCopied?.();
          setTimeout(() => setOutcome(null), 2000);
        }}
      >
        <svg viewBox="0 0 16 16" className="size-4" aria-hidden="true">
          <path
            d={PICTURES[outcome ?? 'copy']}
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </svg>
      </button>
      <span role="status" className={outcome === 'notCopied' ? 'ml-1 text-xs text-bad' : 'sr-only'}>
        {outcome === null ? '' : t(`common.${outcome}`)}
      </span>
    </span>
  );
}

/** An address in full, wherever it decides something. */
export const FullAddress = ({ address }: { readonly address: string }) => (
  <span>
    <code className="mr-2 font-mono text-[0.8125rem] break-all">{address}</code>
    <CopyButton text={address} label={address} />
  </span>
);

/** Names and values below each other. */
export function Facts({ rows }: { readonly rows: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid items-baseline grid-cols-[fit-content(45%)_minmax(0,1fr)] gap-x-4 gap-y-2 text-sm">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          {/* Long names wrap, and leave the value its room. */}
          <dt className="min-w-24 break-words text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
