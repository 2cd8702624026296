const LEVELS: Readonly<Record<string, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};
const FRAME: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'pid', 'hostname']);

const show = (value: unknown): string =>
  typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);

/** A log line as a person at the terminal reads it: time, level, message, then the fields. */
export function prettyLine(line: string): string {
  const entry: unknown = JSON.parse(line);
  if (typeof entry !== 'object' || entry === null) return line;
  const fields = new Map<string, unknown>(Object.entries(entry));
  const time = fields.get('time');
  const clock = typeof time === 'string' ? time.slice(11, 19) : '--:--:--';
  const rest = [...fields].filter(([name]) => !FRAME.has(name)).map(([name, value]) => ` ${name}=${show(value)}`);
  return `${clock} ${LEVELS[String(fields.get('level'))] ?? '?'} ${String(fields.get('msg') ?? '')}${rest.join('')}\n`;
}
