import type { ReactNode } from 'react';

/** What scrolls can be reached, and so scrolled, with the keyboard. */
export const REACHABLE = { tabIndex: 0 } as const;

/**
 * A list with columns. Where its place is narrow it scrolls by itself, or turns each row into a card where every cell names what
 * it is of; the page never scrolls sideways.
 */
export function Table({
  label,
  head,
  cards = false,
  children,
}: {
  readonly label: string;
  readonly head: readonly string[];
  /** Rows as cards where their place is narrow. */
  readonly cards?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <section className={`overflow-x-auto ${cards ? 'cards-space' : ''}`} aria-label={label} {...REACHABLE}>
      <table className={`w-full text-left text-sm ${cards ? 'as-cards' : ''}`}>
        <thead>
          <tr className="border-b border-line text-muted">
            {head.map((name) => (
              <th key={name} scope="col" className="px-3 py-2 font-medium whitespace-nowrap first:pl-0 last:pr-0">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="[&>tr]:border-b [&>tr]:border-line [&>tr:last-child]:border-0">{children}</tbody>
      </table>
    </section>
  );
}

/** A cell. */
export const Cell = ({
  children,
  className = '',
  of,
}: {
  readonly children: ReactNode;
  readonly className?: string;
  /** What stands beside it where its row is a card: the head of its column. */
  readonly of?: string;
}) => (
  <td data-of={of} className={`px-3 py-2.5 align-middle first:pl-0 last:pr-0 ${className}`}>
    {children}
  </td>
);
