/** Puts Python, databases and planners together, as one Fastify plugin. */
import { dirname } from "node:path";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { createPlanner, type Database, type Planner } from "../planner/index.ts";
import { findSitePackages, type LogRecord, type Python, startPython } from "../python-bridge/index.ts";
import { buildExecutableSchema, describeError, PuffError, type SchemaDescription } from "../schema/index.ts";
import { chooseResolvers, type Host, loadHost } from "./host-module.ts";
import type { HealthCheck } from "./http/health.ts";
import { addRoutes } from "./http/plugin.ts";
import { currentLog } from "./http/routes.ts";
import type { GatewayOptions } from "./options.ts";
import { openDatabase, type PostgresDatabase } from "./postgres/index.ts";
import { readSettings, type Settings } from "./settings.ts";

/** What `app.puff` is. */
export interface Gateway {
  /** By the schema's name. */
  readonly planners: ReadonlyMap<string, Planner>;
  readonly python: Python;
  /** By name. */
  readonly databases: ReadonlyMap<string, PostgresDatabase>;
  /**
   * Loads the Python files as they are now and swaps the schemas; requests in flight end on what they began with.
   *
   * @throws PuffError where that fails; what served before goes on.
   */
  reload(): Promise<void>;
}

declare module "fastify" {
  interface FastifyInstance {
    readonly puff: Gateway;
  }
}

/**
 * A Fastify plugin that serves GraphQL from Python. Registered, it starts interpreters and connects to databases;
 * `app.close()` stops them.
 *
 * @throws PuffError on `ready()` for a user's mistake, with place, cause and remedy.
 * @example
 * const app = fastify();
 * await app.register(createGateway({
 *   schemas: [{ spec: "schema.py" }],
 *   databases: [{ name: "default", url: "postgres://localhost/blog" }],
 * }));
 * await app.listen({ port: 7777 });
 */
export function createGateway(options: GatewayOptions): FastifyPluginAsync {
  return fastifyPlugin(
    async (app) => {
      const settings = readSettings(options);
      const gateway = new RunningGateway(settings, await loadHost(options.host), app);
      // Registered first, so that whatever has started by the time another part fails is stopped, too.
      app.addHook("onClose", () => gateway.close());
      await gateway.start();
      app.decorate("puff", gateway);
      await addRoutes(app, {
        apis: settings.schemas.map(({ name, url, playgroundUrl, subscriptionsUrl }) => ({
          ...{ url, playgroundUrl, subscriptionsUrl },
          planner: () => gateway.planner(name),
        })),
        checks: gateway.checks(),
        deadline: settings.limits.requestDeadline,
        bodyLimit: settings.limits.bodyBytes,
        corsOrigins: settings.corsOrigins,
      });
    },
    { name: "puff-gateway", fastify: "5.x" },
  );
}

class RunningGateway implements Gateway {
  readonly databases = new Map<string, PostgresDatabase>();
  readonly #settings: Settings;
  readonly #host: Host;
  readonly #app: FastifyInstance;
  #python: Python | null = null;
  #planners: ReadonlyMap<string, Planner> = new Map();

  constructor(settings: Settings, host: Host, app: FastifyInstance) {
    this.#settings = settings;
    this.#host = host;
    this.#app = app;
  }

  /** Side by side: an interpreter takes seconds, and so may a database that is starting. */
  async start(): Promise<void> {
    const outcomes = await Promise.allSettled([this.#startPython(), this.#openDatabases()]);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        throw outcome.reason;
      }
    }
    this.#planners = this.#plan(this.python.schemas);
  }

  get python(): Python {
    if (this.#python === null) {
      throw new PuffError("PUFF_INTERNAL", "Python has not started");
    }
    return this.#python;
  }

  get planners(): ReadonlyMap<string, Planner> {
    return this.#planners;
  }

  planner(name: string): Planner {
    const planner = this.#planners.get(name);
    if (planner === undefined) {
      throw new PuffError("PUFF_INTERNAL", `there is no planner for schema ${name}`);
    }
    return planner;
  }

  async reload(): Promise<void> {
    await this.python.reload();
    this.#planners = this.#plan(this.python.schemas);
  }

  async close(): Promise<void> {
    await this.#python?.close();
    await Promise.all([...this.databases.values()].map((database) => database.close()));
  }

  checks(): HealthCheck[] {
    const [first] = this.#settings.schemas;
    const nothing = { authToken: null, headers: null, auth: null, calls: [], repeatable: true };
    return [
      ...[...this.databases].map(([name, database]) => ({ name: `database ${name}`, check: () => database.ping() })),
      {
        name: "python",
        // An entry into an interpreter that calls nothing.
        check: async () => {
          await this.python.resolve({ schema: first?.name ?? "", ...nothing }, AbortSignal.timeout(2_000));
          return true;
        },
      },
    ];
  }

  async #startPython(): Promise<void> {
    const { schemas, limits, workers, cacheFolder, environment } = this.#settings;
    const pythonPath = [
      ...this.#settings.pythonPath,
      ...schemas.filter(({ spec }) => /\.py(:|$)/.test(spec)).map(({ spec }) => dirname(spec)),
      process.cwd(),
      ...findSitePackages(process.cwd(), process.env),
    ];
    this.#python = await startPython({
      schemas: schemas.map(({ name, spec, camelCase }) => ({ name, spec, camelCase })),
      pythonPath: [...new Set(pythonPath)],
      ...{ workers, cacheFolder, environment },
      hostFunctions: this.#host.functions,
      deadline: limits.pythonDeadline,
      queueLimit: limits.pythonQueue,
      onLog: (record) => logFromPython(this.#app, record),
      // A schema that can't be built must not replace the interpreters that the planners in use belong to.
      accept: (descriptions) => void this.#plan(descriptions),
    });
  }

  async #openDatabases(): Promise<void> {
    const { databases, limits } = this.#settings;
    const open = async (url: string) =>
      await openDatabase({
        url,
        poolSize: limits.poolSize,
        queueLimit: limits.poolQueue,
        acquireTimeout: limits.poolTimeout,
        statementTimeout: limits.statementTimeout,
        maxRows: limits.rows,
        connectDeadline: limits.connectDeadline,
      });
    const opening = databases.map(async ({ name, url }) => this.databases.set(name, await open(url)));
    // All of them are waited for, so that those that opened can be closed where another fails.
    const failed = (await Promise.allSettled(opening)).find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) {
      throw failed.reason;
    }
  }

  #plan(descriptions: ReadonlyMap<string, SchemaDescription>): ReadonlyMap<string, Planner> {
    const { schemas, limits, verifyPlans, introspection, suggestions, maskErrors } = this.#settings;
    const built = schemas.map(({ name, spec }) => {
      const description = descriptions.get(name);
      if (description === undefined) {
        throw new PuffError("PUFF_INTERNAL", `Python did not describe schema ${name}`, { place: spec });
      }
      return buildExecutableSchema(name, description);
    });
    return new Map(
      built.map((schema, index) => [
        schema.name,
        createPlanner({
          schema,
          resolver: { resolve: (batch, signal) => this.python.resolve(batch, signal) },
          database: this.databases.get(schemas[index]?.database ?? "") ?? noDatabase,
          layerFunctions: chooseResolvers(this.#host, built, schema),
          fuse: true,
          ...{ limits, verifyPlans, introspection, suggestions, maskErrors },
          report: (error, path) => this.#report(schema.name, error, path),
        }),
      ]),
    );
  }

  #report(schema: string, error: PuffError, path: readonly (string | number)[]): void {
    const log = currentLog() ?? this.#app.log;
    log.error(
      {
        code: error.code,
        schema,
        path: path.join("."),
        ...error.extensions,
        ...(error.cause === undefined ? {} : { err: error.cause }),
      },
      describeError(error),
    );
  }
}

function logFromPython(app: FastifyInstance, { level, logger, message }: LogRecord): void {
  if (level === "debug" || level === "info") {
    app.log[level]({ logger }, message);
  } else {
    app.log[level === "warning" ? "warn" : "error"]({ logger }, message);
  }
}

/** Stands where a schema has no database. */
const noDatabase: Database = {
  query: () => Promise.reject(missingDatabase()),
  transaction: () => Promise.reject(missingDatabase()),
};

function missingDatabase(): PuffError {
  return new PuffError("PUFF_DATABASE_UNAVAILABLE", "a resolver returned SQL, but no database is configured", {
    remedy: "Name one with --database-url or in puff.toml.",
  });
}
