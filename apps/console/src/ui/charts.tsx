import type { Tone } from './basics.tsx';

const FILL: Readonly<Record<Tone, string>> = {
  good: 'var(--good)',
  warn: 'var(--warn)',
  bad: 'var(--bad)',
  info: 'var(--info)',
  quiet: 'var(--muted)',
};

/** One part of a whole. */
export interface Part {
  readonly name: string;
  readonly value: number;
  readonly tone: Tone;
}

/** Parts of a whole beside each other, with their figures below: nothing is told by colour alone. */
export function PartsBar({ label, parts }: { readonly label: string; readonly parts: readonly Part[] }) {
  const whole = parts.reduce((sum, { value }) => sum + value, 0);
  let from = 0;
  return (
    <figure aria-label={label}>
      <svg viewBox="0 0 1000 40" preserveAspectRatio="none" className="h-4 w-full rounded-full" aria-hidden="true">
        <rect width="1000" height="40" fill="var(--raised)" />
        {parts.map(({ name, value, tone }) => {
          const width = whole === 0 ? 0 : (value / whole) * 1000;
          const x = from;
          from += width;
          return <rect key={name} x={x} width={Math.max(0, width - 4)} height="40" fill={FILL[tone]} />;
        })}
      </svg>
      <figcaption className="mt-3 grid grid-cols-2 gap-x-4 gap-y-1.5 text-sm">
        {parts.map(({ name, value, tone }) => (
          <span key={name} className="flex items-center gap-2">
            <svg viewBox="0 0 10 10" className="size-2.5 shrink-0" aria-hidden="true">
              <circle cx="5" cy="5" r="5" fill={FILL[tone]} />
            </svg>
            <span className="text-muted">{name}</span>
            <span className="ml-auto font-medium tabular-nums">{value}</span>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** How much of a limit is used, and how much is under way, in thousandths. */
export function LimitBar({
  label,
  used,
  reserved,
}: {
  readonly label: string;
  readonly used: number;
  readonly reserved: number;
}) {
  const tone: Tone = used + reserved >= 900 ? 'bad' : used + reserved >= 700 ? 'warn' : 'good';
  const right = Math.min(1000, used + reserved);
  return (
    <svg viewBox="0 0 1000 40" preserveAspectRatio="none" className="h-2.5 w-full rounded-full" role="img">
      <title>{label}</title>
      <rect width="1000" height="40" fill="var(--raised)" />
      <rect width={right} height="40" fill={FILL[tone]} opacity="0.45" />
      <rect width={used} height="40" fill={FILL[tone]} />
    </svg>
  );
}

/** A column of a chart. */
export interface Column {
  readonly name: string;
  /** In thousandths of the highest. */
  readonly height: number;
  readonly text: string;
}

/** Columns over time, each with its figure as its title. `label` says in words what they show; the figures belong beside them. */
export function Columns({
  label,
  columns,
  most,
}: {
  readonly label: string;
  readonly columns: readonly Column[];
  /** The highest figure, in words. */
  readonly most: string;
}) {
  const wide = 1000 / Math.max(1, columns.length);
  return (
    <figure className="flex grow flex-col">
      <div className="text-xs text-muted tabular-nums" aria-hidden="true">
        {most}
      </div>
      <svg
        viewBox="0 0 1000 320"
        preserveAspectRatio="none"
        className="min-h-40 w-full grow basis-40"
        role="img"
        aria-label={label}
      >
        <line x1="0" x2="1000" y1="18" y2="18" stroke="var(--line)" vectorEffect="non-scaling-stroke" />
        <line x1="0" x2="1000" y1="319" y2="319" stroke="var(--line)" strokeWidth="2" />
        {columns.map(({ name, height, text }, index) => {
          const high = height === 0 ? 0 : Math.max(6, (height / 1000) * 300);
          return (
            <rect
              key={name}
              x={index * wide + wide * 0.15}
              y={318 - high}
              width={wide * 0.7}
              height={high}
              rx="4"
              fill="var(--accent)"
            >
              <title>{`${name}: ${text}`}</title>
            </rect>
          );
        })}
      </svg>
      <div className="mt-1 flex justify-between text-xs text-muted" aria-hidden="true">
        <span>{columns.at(0)?.name}</span>
        <span>{columns.at(-1)?.name}</span>
      </div>
    </figure>
  );
}

/** A point of a line. */
export interface LinePoint {
  /** In thousandths of the width. */
  readonly x: number;
  /** In thousandths of the highest. */
  readonly height: number;
}

/** As many points of a line as can be told apart. */
const POINTS_MARKED = 60;

/**
 * What something was over time: it stays what it is until the next point, and ends at the last one, as nobody has seen what
 * came after it. `label` says in words what the line shows; the figures themselves belong beside it.
 */
export function StepLine({
  label,
  points,
  from,
  to,
  most,
}: {
  readonly label: string;
  readonly points: readonly LinePoint[];
  readonly from: string;
  readonly to: string;
  /** The highest figure, in words. */
  readonly most: string;
}) {
  const y = (height: number): number => 310 - (height / 1000) * 300;
  const [first, ...rest] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return null;
  const line = `M${first.x} ${y(first.height)}${rest.map((point) => `H${point.x}V${y(point.height)}`).join('')}`;
  const marked = points.length <= POINTS_MARKED ? points : [last];
  // Strokes of no length with round ends: the picture is stretched, and circles in it would be too.
  const marks = marked.map(({ x, height }) => `M${Math.min(994, Math.max(6, x))} ${y(height)}h0.01`).join('');
  return (
    <figure>
      <div className="text-xs text-muted tabular-nums" aria-hidden="true">
        {most}
      </div>
      <svg viewBox="0 0 1000 320" preserveAspectRatio="none" className="h-40 w-full" role="img" aria-label={label}>
        <line x1="0" x2="1000" y1="10" y2="10" stroke="var(--line)" vectorEffect="non-scaling-stroke" />
        <line x1="0" x2="1000" y1="310" y2="310" stroke="var(--line)" vectorEffect="non-scaling-stroke" />
        <path d={`${line}V310H${first.x}Z`} fill="var(--accent)" opacity="0.12" />
        <path d={line} fill="none" stroke="var(--accent)" strokeWidth="2" vectorEffect="non-scaling-stroke" />
        <path
          d={marks}
          fill="none"
          stroke="var(--accent)"
          strokeWidth="6"
          strokeLinecap="round"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <div className="mt-1 flex justify-between text-xs text-muted" aria-hidden="true">
        <span>{from}</span>
        <span>{to}</span>
      </div>
    </figure>
  );
}
