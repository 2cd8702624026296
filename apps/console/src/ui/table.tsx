import type { ReactNode } from 'react';

/** What scrolls can be reached, and so scrolled, with the keyboard. */
export const REACHABLE = { tabIndex: 0 } as const;

/** A list with columns. On narrow screens it scrolls by itself; the page never does. */
export function Table({
  label,
  head,
  children,
}: {
  readonly label: string;
  readonly head: readonly string[];
  readonly children: ReactNode;
}) {
  return (
    <section className="overflow-x-auto" aria-label={label} {...REACHABLE}>
      <table className="w-full text-left text-sm">
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
export const Cell = ({ children, className = '' }: { readonly children: ReactNode; readonly className?: string }) => (
  <td className={`px-3 py-2.5 align-middle first:pl-0 last:pr-0 ${className}`}>{children}</td>
);
