/** Puts Python, databases and planners together, as one Fastify plugin. */
import { dirname, resolve } from "node:path";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { createPlanner, type Database, type Planner } from "../planner/index.ts";
import { findSitePackages, type Python, startPython } from "../python-bridge/index.ts";
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
      const host = await loadHost(options.host);
      const databases = new Map<string, PostgresDatabase>();
      // Registered first, so that whatever has started by the time another part fails is stopped, too.
      let python: Python | null = null;
      app.addHook("onClose", async () => {
        await python?.close();
        await Promise.all([...databases.values()].map((database) => database.close()));
      });
      // Side by side: an interpreter takes seconds, and so may a database that is starting.
      const [started, opened] = await Promise.allSettled([
        startInterpreters(settings, host, app).then((interpreters) => {
          python = interpreters;
          return interpreters;
        }),
        openDatabases(settings, databases),
      ]);
      if (started.status === "rejected") {
        throw started.reason;
      }
      if (opened.status === "rejected") {
        throw opened.reason;
      }
      const gateway = new RunningGateway(settings, host, app, started.value, databases);
      app.decorate("puff", gateway);
      await addRoutes(app, {
        apis: settings.schemas.map((schema) => ({
          url: schema.url,
          playgroundUrl: schema.playgroundUrl,
          subscriptionsUrl: schema.subscriptionsUrl,
          planner: () => gateway.planner(schema.name),
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
  readonly python: Python;
  readonly databases: ReadonlyMap<string, PostgresDatabase>;
  readonly #settings: Settings;
  readonly #host: Host;
  readonly #app: FastifyInstance;
  #planners: ReadonlyMap<string, Planner>;

  constructor(
    settings: Settings,
    host: Host,
    app: FastifyInstance,
    python: Python,
    databases: ReadonlyMap<string, PostgresDatabase>,
  ) {
    this.#settings = settings;
    this.#host = host;
    this.#app = app;
    this.python = python;
    this.databases = databases;
    this.#planners = this.#plan(python.schemas);
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

  checks(): HealthCheck[] {
    const [first] = this.#settings.schemas;
    return [
      ...[...this.databases].map(([name, database]) => ({ name: `database ${name}`, check: () => database.ping() })),
      {
        name: "python",
        // An entry into an interpreter that calls nothing.
        check: async () => {
          const batch = { schema: first?.name ?? "", authToken: null, headers: null, auth: null, calls: [] };
          await this.python.resolve({ ...batch, repeatable: true }, AbortSignal.timeout(2_000));
          return true;
        },
      },
    ];
  }

  #plan(descriptions: ReadonlyMap<string, SchemaDescription>): ReadonlyMap<string, Planner> {
    const { schemas, limits, introspection, suggestions, maskErrors } = this.#settings;
    const built = schemas.map(({ name, spec }) => {
      const description = descriptions.get(name);
      if (description === undefined) {
        throw new PuffError("PUFF_INTERNAL", `Python did not describe schema ${name}`, { place: spec });
      }
      return buildExecutableSchema(name, description);
    });
    const planners = built.map((schema, index): [string, Planner] => [
      schema.name,
      createPlanner({
        schema,
        resolver: this.python,
        database: this.databases.get(schemas[index]?.database ?? "") ?? noDatabase,
        layerFunctions: chooseResolvers(this.#host, built, schema),
        limits,
        introspection,
        suggestions,
        maskErrors,
        report: (error, path) => this.#report(schema.name, error, path),
      }),
    ]);
    return new Map(planners);
  }

  #report(schema: string, error: PuffError, path: readonly (string | number)[]): void {
    const { traceback } = error.extensions;
    const log = currentLog() ?? this.#app.log;
    log.error(
      {
        code: error.code,
        schema,
        path: path.join("."),
        ...(traceback === undefined ? {} : { traceback }),
        ...(error.cause === undefined ? {} : { err: error.cause }),
      },
      describeError(error),
    );
  }
}

async function openDatabases({ databases, limits }: Settings, opened: Map<string, PostgresDatabase>): Promise<void> {
  await Promise.all(
    databases.map(async ({ name, url }) => {
      const database = await openDatabase({
        url,
        poolSize: limits.poolSize,
        queueLimit: limits.poolQueue,
        acquireTimeout: limits.poolTimeout,
        statementTimeout: limits.statementTimeout,
        maxRows: limits.rows,
        connectDeadline: limits.connectDeadline,
      });
      opened.set(name, database);
    }),
  );
}

async function startInterpreters(settings: Settings, host: Host, app: FastifyInstance): Promise<Python> {
  const { schemas, limits } = settings;
  const pythonPath = [
    ...settings.pythonPath,
    ...schemas.filter(({ spec }) => /\.py(:|$)/.test(spec)).map(({ spec }) => dirname(resolve(spec))),
    process.cwd(),
    ...(await findSitePackages(process.cwd(), process.env)),
  ];
  return await startPython({
    schemas,
    pythonPath: [...new Set(pythonPath)],
    workers: settings.workers,
    cacheFolder: settings.cacheFolder,
    environment: settings.environment,
    hostFunctions: host.functions,
    deadline: limits.pythonDeadline,
    queueLimit: limits.pythonQueue,
    onLog: (record) => logFromPython(app, record),
  });
}

function logFromPython(app: FastifyInstance, record: PythonLog): void {
  const level = record.level === "warning" ? "warn" : record.level;
  const known = level === "debug" || level === "info" || level === "warn";
  app.log[known ? level : "error"]({ logger: record.logger }, record.message);
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
