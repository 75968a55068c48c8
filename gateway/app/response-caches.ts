/** The response caches of all schemas, and the databases whose writes end what they keep. */
import type { Database, Planner, Resolver } from "../../planner/index.ts";
import { describeError, type ExecutableSchema, PuffError } from "../../schema/index.ts";
import { CachedPlanner, hasCachePolicy } from "../cache/cached-planner.ts";
import { ReadTables } from "../cache/read-tables.ts";
import { type CacheOutcome, ResponseCache } from "../cache/response-cache.ts";
import { TableWrites } from "../cache/table-writes.ts";
import { WatchedDatabase } from "../cache/watched-database.ts";
import type { DatabaseSource } from "../options/options.ts";
import type { PostgresDatabase } from "../postgres/index.ts";

export interface ResponseCachesOptions {
  readonly sources: readonly DatabaseSource[];
  readonly databases: ReadonlyMap<string, PostgresDatabase>;
  /** Bytes of each schema's responses. */
  readonly bytes: number;
  readonly log: { warn(message: string): void };
  count(schema: string, outcome: CacheOutcome): void;
}

/** A schema with its planner's parts. */
interface Planned {
  readonly schema: ExecutableSchema;
  readonly resolver: Pick<Resolver, "resolve">;
  /** Name of its database; empty: none. */
  readonly databaseName: string;
  readonly database: Database;
}

export class ResponseCaches {
  readonly #options: ResponseCachesOptions;
  readonly #watched = new Map<string, WatchedDatabase>();
  #starting: Promise<unknown> = Promise.resolve();

  constructor(options: ResponseCachesOptions) {
    this.#options = options;
  }

  /** Resolves when all writes are heard that can be. */
  get started(): Promise<unknown> {
    return this.#starting;
  }

  /** Watches the databases from which responses may be kept. */
  watch(schemas: readonly { readonly schema: ExecutableSchema; readonly databaseName: string }[]): void {
    const wanted = schemas.filter(({ schema }) => hasCachePolicy(schema)).map(({ databaseName }) => databaseName);
    for (const name of new Set(wanted)) {
      const database = this.#options.databases.get(name);
      if (database !== undefined && !this.#watched.has(name)) {
        const watched = new WatchedDatabase(database, (what) => this.#options.log.warn(`database ${name}: ${what}`));
        this.#watched.set(name, watched);
        this.#starting = Promise.all([this.#starting, this.#start(name, watched)]);
      }
    }
  }

  /** A database whose transactions tell what they wrote, if that matters to anyone. */
  databaseOf(name: string, database: Database): Database {
    return this.#watched.get(name)?.wrap(database) ?? database;
  }

  /** A planner that keeps responses, if its schema has any that may be kept. */
  plannerOf(planner: Planner, { schema, resolver, databaseName, database }: Planned): Planner {
    if (!hasCachePolicy(schema)) {
      return planner;
    }
    const watched = this.#watched.get(databaseName);
    const writes = watched?.writes ?? new TableWrites();
    const count = (outcome: CacheOutcome) => this.#options.count(schema.name, outcome);
    return new CachedPlanner(planner, {
      ...{ schema, resolver, database },
      cache: new ResponseCache(this.#options.bytes, writes, count),
      tables: new ReadTables(database),
      isTrusted: () => watched?.hears ?? true,
    });
  }

  async #start(name: string, watched: WatchedDatabase): Promise<void> {
    const { sources, log } = this.#options;
    const off = `responses from database ${name} are not kept`;
    if ((sources.find((source) => source.name === name)?.readUrl ?? null) !== null) {
      log.warn(`${off}: its replica may be behind what was written`);
      return;
    }
    try {
      await watched.start();
    } catch (error) {
      log.warn(`${off}: ${error instanceof PuffError ? describeError(error) : String(error)}`);
    }
  }
}
