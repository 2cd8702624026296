import type { AuditVerification } from '@waiaas/core';
import type { AuditHead, AuditRow } from '@waiaas/storage';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bareRow, headAt, isAuthentic, linkAll } from '../../test/audit-log.ts';
import { createAuditCheck } from './audit-check.ts';

/* 09 no. 5: whatever is done to the rows, `audit verify` finds it. The attacker can write the database, knows how links are
   made, and has no vault. */

const LENGTH = 24;
const ROWS = linkAll(Array.from({ length: LENGTH }, (_, index) => bareRow(index + 1)));
const last = (rows: readonly AuditRow[]): AuditRow => {
  const row = rows.at(-1);
  if (row === undefined) throw new Error('A log of these tests has rows');
  return row;
};
const HEAD = headAt(last(ROWS));

interface Log {
  readonly rows: readonly AuditRow[];
  readonly head: AuditHead | undefined;
}

const check = (log: Log, anchors: readonly AuditHead[] = []): AuditVerification => {
  const outside = anchors.map((head, index) => ({ head, source: `outside:${index + 1}` }));
  const run = createAuditCheck({ head: log.head, anchors: outside, isAuthentic });
  for (const row of [...log.rows].sort((a, b) => a.id - b.id)) run.add(row);
  return run.finish();
};

const index = fc.nat(LENGTH - 1);
const FIELDS = ['event_type', 'actor', 'agent_id', 'session_id', 'tx_id', 'details', 'ip_address', 'hash'] as const;

const edit = fc.record({ at: index, field: fc.constantFrom(...FIELDS), text: fc.string() }).map(
  ({ at, field, text }) =>
    (rows: readonly AuditRow[]): AuditRow[] =>
      rows.map((row, i) => (i === at ? { ...row, [field]: row[field] === text ? `${text}x` : text } : row)),
);
const redate = fc.record({ at: index, by: fc.integer({ min: -5000, max: 5000 }).filter((by) => by !== 0) }).map(
  ({ at, by }) =>
    (rows: readonly AuditRow[]): AuditRow[] =>
      rows.map((row, i) => (i === at ? { ...row, timestamp: row.timestamp + by } : row)),
);
const remove = fc.uniqueArray(index, { minLength: 1, maxLength: LENGTH }).map(
  (at) =>
    (rows: readonly AuditRow[]): AuditRow[] =>
      rows.filter((_, i) => !at.includes(i)),
);
const truncate = fc.nat(LENGTH - 1).map(
  (length) =>
    (rows: readonly AuditRow[]): AuditRow[] =>
      rows.slice(0, length),
);
const reorder = fc
  .tuple(index, index)
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => (rows: readonly AuditRow[]): AuditRow[] => {
    const [one, other] = [rows[a], rows[b]];
    if (one === undefined || other === undefined) return [...rows];
    // The ids stay where they are: what was written at one place now stands at the other.
    return rows.map((row, i) => (i === a ? { ...other, id: row.id } : i === b ? { ...one, id: row.id } : row));
  });
const renumber = fc.record({ at: index, to: fc.integer({ min: LENGTH + 1, max: 1000 }) }).map(
  ({ at, to }) =>
    (rows: readonly AuditRow[]): AuditRow[] =>
      rows.map((row, i) => (i === at ? { ...row, id: to } : row)),
);
const insert = fc.record({ at: index, copy: index }).map(({ at, copy }) => (rows: readonly AuditRow[]): AuditRow[] => {
  const copied = rows[copy];
  if (copied === undefined) return [...rows];
  const shifted = rows.map((row, i) => (i >= at ? { ...row, id: row.id + 1 } : row));
  return [...shifted.slice(0, at), { ...copied, id: at + 1 }, ...shifted.slice(at)];
});
const append = fc.integer({ min: 1, max: 5 }).map(
  (count) =>
    (rows: readonly AuditRow[]): AuditRow[] =>
      linkAll([...rows, ...Array.from({ length: count }, (_, at) => bareRow(rows.length + at + 1))]),
);
const tampering = fc.oneof(edit, redate, remove, truncate, reorder, renumber, insert, append);

const relink = (rows: readonly AuditRow[]): AuditRow[] =>
  linkAll([...rows].sort((a, b) => a.id - b.id).map(({ hash: _, ...row }) => row));

describe('a log', () => {
  test('that nobody touched is intact, at every length, also with its heads of long ago', () => {
    for (let length = 0; length <= LENGTH; length++) {
      const rows = ROWS.slice(0, length);
      const head = length === 0 ? undefined : headAt(last(rows));
      expect(check({ rows, head }, rows.map(headAt))).toMatchObject({ intact: true, rows: length, faults: 0 });
    }
  });

  test('is told apart from 10,000 altered ones', () => {
    fc.assert(
      fc.property(tampering, fc.boolean(), (tamper, knowsLinks) => {
        const tampered = tamper(ROWS);
        const rows = knowsLinks ? relink(tampered) : tampered;
        // Linked again, an altered link is what it was.
        fc.pre(JSON.stringify(rows) !== JSON.stringify(ROWS));
        expect(check({ rows, head: HEAD }).intact).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });

  test('that was altered, linked again and given a head of somebody else shows as well', () => {
    fc.assert(
      fc.property(tampering, fc.boolean(), (tamper, keepsSeal) => {
        const rows = relink(tamper(ROWS));
        fc.pre(rows.length > 0 && JSON.stringify(rows) !== JSON.stringify(ROWS));
        const honest = headAt(last(rows));
        const head = { ...honest, version: HEAD.version, seal: keepsSeal ? HEAD.seal : 'c2VhbA' };
        fc.pre(!isAuthentic(head));
        expect(check({ rows, head }).findings.map(({ fault }) => fault)).toContain('HEAD_FORGED');
      }),
      { numRuns: 2000 },
    );
  });

  test('that was taken back to an earlier state, head and all, shows by what is kept outside', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LENGTH - 1 }), fc.integer({ min: 1, max: LENGTH }), (length, seen) => {
        fc.pre(seen > length);
        const rows = ROWS.slice(0, length);
        const head = length === 0 ? undefined : headAt(last(rows));
        const outside = ROWS.slice(0, seen).map(headAt);
        expect(check({ rows, head }, outside).findings.map(({ fault }) => fault)).toContain('TRUNCATED');
        // It is the outside that tells: the database alone agrees with itself.
        expect(check({ rows, head }).intact).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('that was added to behind its head says which rows no seal covers', () => {
    const plain = ROWS.map(({ hash: _, ...row }) => row);
    const locked = linkAll([...plain, bareRow(LENGTH + 1, { event_type: 'AUTH_FAILED' })]);
    expect(check({ rows: locked, head: HEAD })).toMatchObject({ intact: true, sealedTo: LENGTH, lastId: LENGTH + 1 });
    // Nobody approves a payment while the vault is locked.
    const forged = linkAll([...plain, bareRow(LENGTH + 1, { event_type: 'TX_APPROVED' })]);
    expect(check({ rows: forged, head: HEAD }).findings).toMatchObject([
      { fault: 'ROWS_UNSEALED', auditId: LENGTH + 1 },
    ]);
  });

  test('that was removed together with its head shows while it has rows', () => {
    expect(check({ rows: ROWS, head: undefined }).findings).toMatchObject([{ fault: 'HEAD_MISSING' }]);
  });

  test('names the first wrong row, and goes on to the next one', () => {
    const rows = ROWS.map((row) => (row.id === 5 || row.id === 11 ? { ...row, actor: 'nobody' } : row));
    const { findings } = check({ rows, head: HEAD });
    expect(findings).toMatchObject([
      { fault: 'ROW_ALTERED', auditId: 5 },
      { fault: 'ROW_ALTERED', auditId: 11 },
    ]);
  });

  test('without the vault is checked by its links and by heads as they are, and says so', () => {
    const run = createAuditCheck({ head: HEAD, anchors: [], isAuthentic: null });
    for (const row of ROWS) run.add(row);
    expect(run.finish()).toMatchObject({ intact: true, sealsChecked: false, sealedTo: LENGTH });
  });

  test('of a million wrong rows tells a hundred and counts the rest', () => {
    const run = createAuditCheck({ head: HEAD, anchors: [], isAuthentic });
    for (let id = 1; id <= 1000; id++) run.add({ ...bareRow(id), hash: 'no link' });
    const report = run.finish();
    expect(report.findings).toHaveLength(100);
    expect(report.faults).toBeGreaterThanOrEqual(1000);
  });
});
