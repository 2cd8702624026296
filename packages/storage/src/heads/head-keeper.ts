import { type RowSealer, WaiaasError } from '@waiaas/core';
import type { Connection } from '../connection.ts';
import type { Db } from '../query-executor.ts';
import type { HeadsTable } from '../schema.ts';
import { headContent } from '../seals.ts';
import { createAuditEvidence } from './audit-evidence.ts';
import { decodeHead, draftOf, encodeHead, type Head, type HeadDraft } from './head.ts';

/** The heads as one `Db` sees them. */
export interface HeadView {
  /** Which run of the daemon this is, told from every other one. */
  readonly run: string;
  /**
   * What the head of a scope says; null when it cannot be believed: then nothing in the scope is acted upon (00 §3).
   * @throws WaiaasError KEYSTORE_LOCKED when it cannot be told yet
   */
  read(scope: string): Head | null;
  /** Every scope that has a head in the file, or has had one since this process met it. */
  scopes(): readonly string[];
  /**
   * The head of a scope, to be changed: for the rest of the unit and, once that is kept, for good. It is sealed anew, even
   * where nothing in it is changed: so it knows of the audit rows beside it.
   * @throws BrokenHead when it cannot be believed: a new seal would cover up what happened
   */
  edit(scope: string): HeadDraft;
  /** Seals the head of a scope anew as it is, unless it cannot be believed. */
  renew(scope: string): void;
  /** Begins the head of a scope that has never had one. */
  create(scope: string, head?: Head): void;
  /** True once for each scope, in a unit that is kept: for telling that its head is broken. */
  reportOnce(scope: string): boolean;
}

/** A change was asked for whose scope cannot be believed. */
export class BrokenHead extends Error {
  override readonly name = 'BrokenHead';
  constructor(scope: string) {
    super(`What is stored of ${scope} is not what this daemon has sealed`);
  }
}

/** The heads of a database, as the write queue takes them along with its transactions. */
export interface HeadKeeper {
  /** First step of a transaction. */
  begin(): void;
  /** Before each unit, whose access this is. */
  openUnit(db: Db): void;
  /** After each unit. What a unit that was rolled back had changed is forgotten. */
  closeUnit(kept: boolean): void;
  /** Last step before the commit: seals what has changed. Answers what to call once the commit has succeeded. */
  end(): () => void;
  /** Lets a connection that only reads see what is committed. */
  attachReader(db: Db, connection: Connection): void;
}

interface Known {
  readonly version: number;
  readonly seal: string;
  readonly head: Head;
}

/** A head within a transaction: as it was found, null for a new one, and as it is now. */
interface Draft {
  readonly base: Known | null;
  readonly head: Head;
}

const views = new WeakMap<Db, HeadView>();

/**
 * The heads as seen through a `Db`. The functions for the tables keep them; nothing else changes one, but what builds or
 * breaks a database on purpose.
 */
export function headsOf(db: Db): HeadView {
  const view = views.get(db);
  if (view === undefined) throw new Error('This access to the database knows no heads');
  return view;
}

/** Lets another access to the same database, such as one with a plugin, see the same heads. Answers it. */
export function shareHeads(from: Db, to: Db): Db {
  views.set(to, headsOf(from));
  return to;
}

const SELECT = 'SELECT scope, version, content, audit_id, seal FROM heads WHERE scope = ?';
/** What tells whether a head is still the one that this process knows; its content can be long. */
const SELECT_STAMP = 'SELECT version, seal FROM heads WHERE scope = ?';
type Stamp = Pick<HeadsTable, 'version' | 'seal'>;

/**
 * Keeps one sealed head for each agent, and one for what holds for all: which transactions are open and in which state,
 * what was spent last of each asset, and which versions of the policies, sessions, settings and auto-stop rules count. A row by
 * itself can be put back to an older state with its older seal; against the head it shows.
 *
 * What this process has sealed or seen last is remembered, so that a head which is taken from an older copy of the file
 * under the running daemon shows as well; one taken back while it was down contradicts the audit log. Beside Kysely, because
 * it runs at every commit, and once for each commit rather than for each unit.
 *
 * @param run names this run of the daemon, at random
 */
export function createHeadKeeper(writer: Connection, sealer: RowSealer, run: string): HeadKeeper {
  const selectStamp = writer.prepare<[string], Stamp>(SELECT_STAMP);
  const selectScopes = writer.prepare<[], string>('SELECT scope FROM heads').pluck();
  const lastAudit = writer.prepare<[], number>('SELECT coalesce(max(id), 0) FROM audit_log').pluck();
  const store = writer.prepare(
    `INSERT INTO heads (scope, version, content, audit_id, seal) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (scope) DO UPDATE SET version = excluded.version, content = excluded.content,
       audit_id = excluded.audit_id, seal = excluded.seal`,
  );
  const evidence = createAuditEvidence(writer, sealer);

  /** What is committed, as far as this process has met it. */
  const committed = new Map<string, Known>();
  /**
   * Scopes that a transaction has met without a head that can be believed. What happened since is not in it, so that nothing
   * that is put in its place counts for the rest of this run; after that, the audit log tells.
   */
  const lost = new Set<string>();
  const reported = new Set<string>();
  /** What the units of the present transaction have found or made; null for what cannot be believed. */
  let batch = new Map<string, Draft | null>();
  let unit = new Map<string, Draft | null>();
  /** Copies that the present unit changes. */
  let edits = new Map<string, HeadDraft>();
  let unitReports = new Set<string>();
  let batchReports = new Set<string>();

  /** How a connection finds the stored head of a scope, if it is the newest that was sealed. */
  function finder(connection: Connection): (scope: string) => Known | null {
    const selectStamp = connection.prepare<[string], Stamp>(SELECT_STAMP);
    const select = connection.prepare<[string], HeadsTable>(SELECT);
    return (scope) => {
      const known = committed.get(scope);
      if (known !== undefined) {
        const stamp = selectStamp.get(scope);
        // This process alone seals: what is there by now and was not sealed by it is of another copy of the file.
        return stamp?.version === known.version && stamp.seal === known.seal ? known : null;
      }
      const row = select.get(scope);
      if (row === undefined || !sealer.verify(headContent(row), row.seal)) return null;
      const head = decodeHead(row.content);
      return evidence.contradicts(row, head) ? null : { version: row.version, seal: row.seal, head };
    };
  }
  const find = finder(writer);

  function present(scope: string): Draft | null {
    const draft = unit.get(scope) ?? batch.get(scope);
    if (draft !== undefined) return draft;
    const found = lost.has(scope) ? null : find(scope);
    if (found === null) lost.add(scope);
    // What was found holds for the whole transaction: nobody else can write meanwhile.
    const fresh = found === null ? null : { base: found, head: found.head };
    batch.set(scope, fresh);
    return fresh;
  }

  function edit(scope: string): HeadDraft {
    const edited = edits.get(scope);
    if (edited !== undefined) return edited;
    const draft = present(scope);
    if (draft === null) throw new BrokenHead(scope);
    const head = draftOf(draft.head);
    edits.set(scope, head);
    unit.set(scope, { base: draft.base, head });
    return head;
  }

  const unitView: HeadView = {
    run,
    read: (scope) => present(scope)?.head ?? null,
    scopes: () => [...new Set([...selectScopes.all(), ...committed.keys(), ...batch.keys(), ...unit.keys()])],
    edit,
    renew(scope) {
      if (present(scope) !== null) edit(scope);
    },
    create(scope, head = draftOf()) {
      const made = unit.get(scope) ?? batch.get(scope) ?? null;
      if (made !== null || selectStamp.get(scope) !== undefined) throw new Error(`${scope} has a head already`);
      unit.set(scope, { base: null, head });
    },
    reportOnce(scope) {
      if (reported.has(scope) || batchReports.has(scope) || unitReports.has(scope)) return false;
      unitReports.add(scope);
      return true;
    },
  };

  return {
    begin() {
      batch = new Map();
      batchReports = new Set();
    },
    openUnit(db) {
      unit = new Map();
      edits = new Map();
      unitReports = new Set();
      views.set(db, unitView);
    },
    closeUnit(kept) {
      if (kept) {
        for (const [scope, draft] of unit) batch.set(scope, draft);
        for (const scope of unitReports) batchReports.add(scope);
      }
      unit = new Map();
      unitReports = new Set();
    },
    end() {
      const sealed = new Map<string, Known>();
      for (const [scope, draft] of batch) {
        if (draft === null) continue;
        const { base, head } = draft;
        if (base?.head === head) {
          sealed.set(scope, base);
          continue;
        }
        const version = (base?.version ?? 0) + 1;
        const row = { scope, version, content: encodeHead(head), audit_id: lastAudit.get() ?? 0 };
        const seal = sealer.seal(headContent(row));
        store.run(row.scope, row.version, row.content, row.audit_id, seal);
        sealed.set(scope, { version, seal, head });
      }
      return () => {
        for (const [scope, known] of sealed) {
          committed.set(scope, known);
          // Only what has been begun is sealed without having been believed.
          lost.delete(scope);
        }
        for (const scope of batchReports) reported.add(scope);
      };
    },
    attachReader(db, connection) {
      const findStored = finder(connection);
      const refuse = (): never => {
        throw new Error('This access to the database only reads');
      };
      views.set(db, {
        run,
        read(scope) {
          if (!connection.open) throw new WaiaasError('SHUTTING_DOWN');
          const found = lost.has(scope) ? null : findStored(scope);
          if (found === null) return null;
          committed.set(scope, found);
          return found.head;
        },
        scopes: refuse,
        edit: refuse,
        renew: refuse,
        create: refuse,
        reportOnce: refuse,
      });
    },
  };
}
