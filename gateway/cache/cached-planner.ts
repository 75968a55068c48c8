/** A planner that keeps the responses of operations whose resolvers allow it. */
import {
  type Caller,
  cachePolicyOf,
  type Database,
  type ExecuteOptions,
  type OperationResponse,
  type Planner,
  type PreparedOperation,
  type Resolver,
  wrapDatabase,
} from "../../planner/index.ts";
import type { ExecutableSchema } from "../../schema/index.ts";
import type { ReadTables } from "./read-tables.ts";
import type { Fetched, ResponseCache } from "./response-cache.ts";
import { ANY_TABLE } from "./table-writes.ts";

export interface CachedPlannerOptions {
  readonly schema: ExecutableSchema;
  readonly resolver: Pick<Resolver, "resolve">;
  readonly database: Database;
  readonly cache: ResponseCache;
  readonly tables: ReadTables;
  /** Whether what is kept can be trusted at present. */
  isTrusted(): boolean;
}

type Variables = { readonly [name: string]: unknown };

/** Whether any resolver of a schema lets responses be kept. */
export function hasCachePolicy({ cache, fields }: ExecutableSchema): boolean {
  return cache !== null || [...fields.values()].some((field) => field.cache !== undefined);
}

export class CachedPlanner implements Planner {
  readonly #planner: Planner;
  readonly #options: CachedPlannerOptions;

  constructor(planner: Planner, options: CachedPlannerOptions) {
    this.#planner = planner;
    this.#options = options;
  }

  get schema(): Planner["schema"] {
    return this.#planner.schema;
  }

  prepare: Planner["prepare"] = (query, operationName) => this.#planner.prepare(query, operationName);
  authenticate: Planner["authenticate"] = (caller, signal) => this.#planner.authenticate(caller, signal);
  subscribe: Planner["subscribe"] = (...given) => this.#planner.subscribe(...given);

  async execute(
    operation: PreparedOperation,
    variables: Variables,
    caller: Caller,
    options: ExecuteOptions,
  ): Promise<OperationResponse> {
    const { schema, cache, isTrusted } = this.#options;
    const isPlain = options.observe === undefined && options.inside === undefined && options.rollBack !== true;
    let policy = isPlain && isTrusted() ? policyOf(schema, operation, variables, !schema.hasAuth) : null;
    let asking = caller;
    if (schema.hasAuth && caller.identity === undefined && (policy === undefined || policy?.scope === "caller")) {
      const authenticated = await this.#planner.authenticate(caller, options.signal);
      if (authenticated.kind === "refused") {
        return authenticated.response;
      }
      asking = authenticated.caller;
    }
    if (policy === undefined) {
      policy = policyOf(schema, operation, variables, true);
    }
    if (!policy) {
      return await this.#planner.execute(operation, variables, asking, options);
    }
    asking = policy.scope === "public" ? nobody : asking;
    const { identity, authToken } = asking;
    // What can't be told as JSON is told as Python pickled it: that may differ for one caller, but not be the same for two.
    const who =
      policy.scope === "public" ? null : [identity?.claims ?? identity?.auth, identity?.pgSettings, authToken];
    const parts = [policy.key, variables, policy.scope, who];
    return await cache.serve(parts, policy, options.signal, () => this.#fetch(operation, variables, asking, options));
  }

  async #fetch(
    operation: PreparedOperation,
    variables: Variables,
    caller: Caller,
    options: ExecuteOptions,
  ): Promise<Fetched & { readonly keeps: boolean }> {
    const { resolver, database, tables, isTrusted } = this.#options;
    const texts = new Set<string>();
    let readsAny = false;
    const watched = wrapDatabase(database, {
      statement: (statement) => {
        texts.add(statement.text);
        return statement;
      },
    });
    const share: Database["share"] = (...given) => {
      readsAny = true; // Python's own statements are part of it
      return watched.share?.(...given) ?? Promise.reject(new TypeError("a wrapped database can be shared"));
    };
    const response = await this.#planner.execute(operation, variables, caller, {
      ...options,
      inside: { resolve: (batch, signal) => resolver.resolve(batch, signal), database: { ...watched, share } },
    });
    const isWhole = response.executed && response.hasErrors !== true && response.rest === null;
    if (!isWhole || response.status !== 200 || Object.keys(response.headers).length > 0) {
      return { response, tables: [], keeps: false };
    }
    try {
      const read = await tables.of(texts);
      return { response, tables: readsAny ? [...read, ANY_TABLE] : read, keeps: isTrusted() };
    } catch {
      return { response, tables: [], keeps: false }; // the response is there all the same
    }
  }
}

/** Null if it can't be told: the planner says what is wrong with the variables. */
function policyOf(...given: Parameters<typeof cachePolicyOf>): ReturnType<typeof cachePolicyOf> {
  try {
    return cachePolicyOf(...given);
  } catch {
    return null;
  }
}

/** Of a public response nothing depends on the caller. */
const nobody: Caller = {
  headers: {},
  authToken: null,
  identity: { auth: null, pgSettings: null, claims: null },
};
