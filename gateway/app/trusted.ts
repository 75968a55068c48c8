/** The trusted documents of all schemas: read, checked and warmed at start, and again at each reload. */

import { type Database, type Planner, type Resolver, warmOperation } from "../../planner/index.ts";
import { PuffError } from "../../schema/index.ts";
import { TrustedDocuments } from "../documents/trusted-documents.ts";
import type { Settings } from "../options/settings.ts";

/** What warming needs of a schema. */
export interface SchemaInUse {
  readonly planner: Planner;
  readonly resolver: Pick<Resolver, "resolve">;
  readonly database: Database;
}

export class TrustedBySchema {
  readonly #schemas: Settings["schemas"];
  #known: ReadonlyMap<string, TrustedDocuments> = new Map();

  constructor(schemas: Settings["schemas"]) {
    this.#schemas = schemas;
  }

  /** Those of a schema; null: it has no manifest. */
  of(schema: string): TrustedDocuments | null {
    return this.#known.get(schema) ?? null;
  }

  /** @throws PuffError `PUFF_CONFIG_INVALID`: a manifest can't be read. */
  async read(): Promise<void> {
    const read = this.#schemas.map(async ({ name, documents, documentsOnly }) =>
      documents === null ? [] : [[name, await TrustedDocuments.read(documents, documentsOnly)] as const],
    );
    this.#known = new Map((await Promise.all(read)).flat());
  }

  /**
   * Compiles all operations, and traces them as nobody in particular would be served, if `Schema.auth` takes nobody in. What
   * fails at that, or has not ended with the signal, the first request does.
   *
   * @param refused - told of the operations that a schema refuses
   */
  async warm(
    inUse: (schema: string) => SchemaInUse,
    signal: AbortSignal,
    refused: (error: PuffError) => void,
  ): Promise<void> {
    for (const [schema, documents] of this.#known) {
      const target = inUse(schema);
      const checked = documents.check(target.planner);
      const uncompiled = [...checked.refused];
      const authenticated = checked.prepared.size === 0 ? null : await target.planner.authenticate(nobody, signal);
      const caller = authenticated?.kind === "caller" ? authenticated.caller : null;
      for (const [each, operation] of checked.prepared) {
        if (signal.aborted) {
          break;
        }
        try {
          await warmOperation(target, operation, caller, signal);
        } catch (error) {
          if (error instanceof PuffError && error.status === 400) {
            uncompiled.push({ ...each, why: error.message });
          }
        }
      }
      if (uncompiled.length > 0) {
        refused(documents.describe(uncompiled));
      }
    }
  }
}

const nobody = { headers: {}, authToken: null };
