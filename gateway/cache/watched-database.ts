/** A database whose transactions tell which tables they wrote, on this node and on all others. */
import { randomUUID } from "node:crypto";
import { type Database, relationsOf, type Session, shareDatabase } from "../../planner/index.ts";
import type { PostgresDatabase } from "../postgres/index.ts";
import type { Message } from "../pubsub/index.ts";
import { ANY_TABLE, TableWrites } from "./table-writes.ts";

/** The channel on which Postgres's NOTIFY tells writes: a JSON array of tables' names. */
export const WRITES_CHANNEL = "puff_cache";

/** Bytes of a notification, of which Postgres takes 8000. */
const longestPayload = 7_000;

export class WatchedDatabase {
  readonly writes = new TableWrites();
  readonly #tell: (what: string) => void;
  readonly #database: Pick<PostgresDatabase, "listen">;
  /** Tells this process's own notifications, which it need not be told, from others'. */
  readonly #sender = randomUUID();
  #hears = false;
  #leave: () => void = () => undefined;

  /** @param tell - told of the connection, in words */
  constructor(database: Pick<PostgresDatabase, "listen">, tell: (what: string) => void = () => undefined) {
    this.#database = database;
    this.#tell = tell;
  }

  /** Whether the writes of other nodes are heard: while they are not, nothing that was kept can be trusted. */
  get hears(): boolean {
    return this.#hears;
  }

  /**
   * Listens.
   *
   * @throws PuffError if Postgres can't be listened to, as through a pooler.
   */
  async start(): Promise<void> {
    this.#hears = true; // unless the listener is told otherwise before it is there
    const listener = {
      message: ({ data }: Message) => this.#hear(data.toString()),
      missed: () => {
        this.writes.written([ANY_TABLE]);
        this.#hears = true;
        this.#tell("writes are heard again: responses are kept");
      },
      lost: () => {
        if (this.#hears) {
          this.#tell("writes can't be heard: no response is kept or served from what was kept");
        }
        this.#hears = false;
      },
    };
    try {
      this.#leave = await this.#database.listen(WRITES_CHANNEL, listener);
    } catch (error) {
      this.#hears = false;
      throw error;
    }
  }

  stop(): void {
    this.#leave();
  }

  /** The same database: its transactions tell what they wrote before anyone learns that they are committed. */
  wrap(database: Database): Database {
    return {
      ...(database.scope === undefined ? {} : { scope: database.scope }),
      query: (statement, settings) => database.query(statement, settings),
      stream: (statement, signal, settings) => database.stream(statement, signal, settings),
      transaction: (work, settings) =>
        this.#telling((track) =>
          database.transaction((session) => track(session, (query) => work({ query })), settings),
        ),
      share: (access, work, settings) =>
        access === "read"
          ? shareDatabase(database, access, work, settings)
          : this.#telling((track) =>
              shareDatabase(
                database,
                access,
                (session) => track(session, (query) => work({ query, ticket: session.ticket })),
                settings,
              ),
            ),
    };
  }

  async #telling<T>(run: (track: Track<T>) => Promise<T>): Promise<T> {
    let written: readonly string[] = [];
    try {
      return await run(async (session, work) => {
        const texts = new Set<string>();
        const outcome = await work((statement) => {
          texts.add(statement.text);
          return session.query(statement);
        });
        if (outcome.commit) {
          written = await this.#announce(session, texts);
        }
        return outcome;
      });
    } finally {
      // Also where the commit failed: whether it did is not always known.
      this.writes.written(written);
    }
  }

  /** Has all nodes told at the commit. Postgres knows what cascades, triggers and functions wrote, too. */
  async #announce(session: Session, texts: ReadonlySet<string>): Promise<readonly string[]> {
    const parsed = await Promise.all([...texts].map(writtenBy));
    const rows = await session.query({
      text: announcement,
      params: [
        [0, JSON.stringify(parsed.flat())],
        [0, this.#sender],
      ],
    });
    rows.seek(0);
    return JSON.parse(rows.text(0)) as readonly string[]; // of names
  }

  #hear(payload: string): void {
    const { from, tables } = readPayload(payload);
    if (from !== this.#sender) {
      this.writes.written(tables);
    }
  }
}

type Outcome<T> = Promise<{ readonly commit: boolean; readonly result: T }>;
type Track<T> = (session: Session, work: (query: Session["query"]) => Outcome<T>) => Outcome<T>;

async function writtenBy(text: string): Promise<readonly string[]> {
  try {
    return [...(await relationsOf(text)).written];
  } catch {
    return [ANY_TABLE]; // Postgres took it, and the parser does not
  }
}

/** `["post", "comment"]` of triggers, `{"from": "…", "tables": ["post"]}` of gateways. What is neither may mean any table. */
export function readPayload(payload: string): { readonly from: string | null; readonly tables: readonly string[] } {
  const parsed = parse(payload);
  const isMessage = typeof parsed === "object" && parsed !== null && "tables" in parsed;
  const tables = isMessage ? parsed.tables : parsed;
  const from = isMessage && "from" in parsed && typeof parsed.from === "string" ? parsed.from : null;
  const named = Array.isArray(tables) && tables.every((table): table is string => typeof table === "string");
  return { from, tables: named ? tables : [ANY_TABLE] };
}

/** Undefined for what is not JSON. */
function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

const announcement = `
  SELECT tables::pg_catalog.text,
         CASE WHEN tables::pg_catalog.text <> '[]' THEN pg_catalog.pg_notify(
           '${WRITES_CHANNEL}',
           CASE WHEN pg_catalog.octet_length(tables::pg_catalog.text) < ${longestPayload}
             THEN pg_catalog.json_build_object('from', $2::pg_catalog.text, 'tables', tables)::pg_catalog.text
             ELSE pg_catalog.json_build_object('from', $2::pg_catalog.text, 'tables', '["${ANY_TABLE}"]'::pg_catalog.json)::pg_catalog.text
           END)
         END
    FROM (
      SELECT coalesce(pg_catalog.json_agg(name), '[]'::pg_catalog.json) AS tables
        FROM (
          SELECT relname::pg_catalog.text AS name
            FROM pg_catalog.pg_stat_xact_user_tables
            WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
          UNION
          SELECT pg_catalog.json_array_elements_text($1::pg_catalog.json)
        ) AS written
    ) AS announced`;
