/** Puts Python, databases and planners together. */
import cluster from "node:cluster";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { Caller, Planner } from "../../planner/index.ts";
import { type HostService, type LogRecord, type Python, startPython } from "../../python-bridge/index.ts";
import { describeError, PuffError } from "../../schema/index.ts";
import { ClientService } from "../client/client-service.ts";
import { type ExplainRequest, explainOperation } from "../explain/explain.ts";
import type { OperationExplanation } from "../explain/explanation.ts";
import type { HealthCheck } from "../http/health.ts";
import type { StaticFiles } from "../http/static.ts";
import type { DatabaseSource } from "../options/options.ts";
import type { Settings } from "../options/settings.ts";
import { openDatabase, type PostgresDatabase } from "../postgres/index.ts";
import type { Psycopg2Service, StatementOptions } from "../psycopg2/index.ts";
import { openPubSub, type PubSub, PubSubService } from "../pubsub/index.ts";
import { RedisService } from "../redis/redis-service.ts";
import { TerminalService } from "../terminal/terminal.ts";
import { SocketService } from "../websockets/socket-service.ts";
import { Exchanges } from "../wsgi/exchanges.ts";
import type { Host } from "./host-module.ts";
import { Metrics } from "./metrics.ts";
import { createPsycopg2, statementOptions } from "./python-databases.ts";
import { findPythonSources } from "./python-sources.ts";
import { ResponseCaches } from "./response-caches.ts";
import { SchemaPlanners } from "./schema-planners.ts";
import { noDatabase } from "./sources.ts";
import { type SchemaInUse, TrustedBySchema } from "./trusted.ts";

/** What `app.puff` is. */
export interface Gateway {
  /** By the schema's name. */
  readonly planners: ReadonlyMap<string, Planner>;
  readonly python: Python;
  /** Publishes and subscribes, on all gateways of the same Redis. */
  readonly pubsub: PubSub;
  /** By name. */
  readonly databases: ReadonlyMap<string, PostgresDatabase>;
  /**
   * Loads the Python files as they are now and swaps the schemas; requests in flight end on what they began with.
   *
   * @throws PuffError if that fails; what served before goes on.
   */
  reload(): Promise<void>;
  /**
   * Runs an operation and tells what it took; what it changed in the database is rolled back.
   *
   * @throws PuffError for a document that is refused, and a mutation that is not allowed.
   */
  explain(
    schemaName: string,
    request: ExplainRequest,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<OperationExplanation>;
}

/** What serves the gateway. */
export interface RoutesInUse {
  /** Ends all subscriptions, whose clients then connect again: to another schema than before. */
  endSubscriptions(): void;
  /** The log of the request that the calling code runs for; undefined outside of one. */
  currentLog(): FastifyBaseLogger | undefined;
}

export class RunningGateway implements Gateway {
  readonly databases = new Map<string, PostgresDatabase>();
  readonly exchanges = new Exchanges();
  readonly sockets = new SocketService();
  /** By schema. */
  readonly trusted: TrustedBySchema;
  /** Null if they are not asked for. */
  readonly metrics: Metrics | null;
  readonly #settings: Settings;
  readonly #host: Host;
  readonly #app: FastifyInstance;
  readonly #routes: RoutesInUse;
  readonly #psycopg2: Psycopg2Service;
  readonly #redis: RedisService;
  /** How the planner's statements run on Python's connections. */
  readonly #statements: StatementOptions;
  readonly #caches: ResponseCaches;
  readonly #planners: SchemaPlanners;
  #python: Python | null = null;
  #pubsub: PubSub | null = null;

  constructor(settings: Settings, host: Host, app: FastifyInstance, routes: RoutesInUse) {
    this.#settings = settings;
    this.#host = host;
    this.#app = app;
    this.#routes = routes;
    this.trusted = new TrustedBySchema(settings.schemas);
    this.#caches = new ResponseCaches({
      sources: settings.databases,
      databases: this.databases,
      bytes: settings.limits.responseCacheBytes,
      log: app.log,
      count: (schema, outcome) => this.metrics?.countResponse(schema, outcome),
    });
    this.metrics = settings.metrics ? new Metrics(() => this.#python?.usage ?? null) : null;
    this.#redis = new RedisService(settings.redisUrl);
    this.#statements = statementOptions(settings);
    this.#psycopg2 = createPsycopg2(settings, app.log);
    this.#planners = new SchemaPlanners({
      ...{ settings, host, databases: this.databases, caches: this.#caches, metrics: this.metrics },
      python: () => this.python,
      pubsub: () => this.pubsub,
      report: (schema, error, path) => this.#report(schema, error, path),
    });
  }

  /** Side by side: an interpreter takes seconds, and so may a database that is starting. */
  async start(): Promise<void> {
    const parts = [this.#startPython(), this.#openDatabases(), this.#openPubSub(), this.trusted.read()];
    const outcomes = await Promise.allSettled(parts);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        throw outcome.reason;
      }
    }
    this.#planners.use(this.python.schemas);
    await this.#caches.started;
    await this.#warm((error) => {
      throw error;
    });
  }

  get python(): Python {
    if (this.#python === null) {
      throw new PuffError("PUFF_INTERNAL", "Python has not started");
    }
    return this.#python;
  }

  get pubsub(): PubSub {
    if (this.#pubsub === null) {
      throw new PuffError("PUFF_INTERNAL", "pub/sub has not started");
    }
    return this.#pubsub;
  }

  get planners(): ReadonlyMap<string, Planner> {
    return this.#planners.all;
  }

  planner(name: string): Planner {
    return this.#planners.of(name);
  }

  async reload(): Promise<void> {
    await this.python.reload();
    this.#planners.use(this.python.schemas);
    this.#routes.endSubscriptions();
    // The schema that is edited and the manifest that is built anew need not fit at each moment.
    const tell = (error: PuffError) => this.#app.log.error({ code: error.code }, describeError(error));
    try {
      await this.trusted.read();
    } catch (error) {
      if (!(error instanceof PuffError)) {
        throw error;
      }
      tell(error);
    }
    await this.#warm(tell);
  }

  async #warm(refused: (error: PuffError) => void): Promise<void> {
    const inUse = (name: string): SchemaInUse => {
      const { database = "" } = this.#settings.schemas.find((schema) => schema.name === name) ?? {};
      return {
        planner: this.planner(name),
        resolver: this.python,
        database: this.databases.get(database) ?? noDatabase,
      };
    };
    await this.trusted.warm(inUse, AbortSignal.timeout(this.#settings.limits.requestDeadline), refused);
  }

  explain(
    schemaName: string,
    request: ExplainRequest,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<OperationExplanation> {
    const { database } = this.#settings.schemas.find(({ name }) => name === schemaName) ?? {};
    const target = { planner: this.planner(schemaName), database: this.databases.get(database ?? "") ?? null };
    return explainOperation(target, request, caller, signal);
  }

  async close(): Promise<void> {
    await this.#python?.close();
    await this.#psycopg2.close();
    this.#redis.close();
    await Promise.all([...this.databases.values(), this.#pubsub].map((part) => part?.close()));
  }

  /** Those of the settings, and those of a Django project at other URLs. */
  async findStaticFiles(): Promise<readonly StaticFiles[]> {
    const { static: own, django } = this.#settings;
    const given = own.map(({ url, folder }) => ({ url, folders: [folder] }));
    if (django?.start !== "serve") {
      return given;
    }
    const { value } = await this.python.call("puff._django.project:static_files", [], {
      deadline: this.#settings.limits.requestDeadline,
      signal: new AbortController().signal,
    });
    const found = value as unknown as readonly StaticFiles[]; // as puff._django.project writes it
    return [...given, ...found.filter(({ url }) => !own.some((folder) => folder.url === url))];
  }

  checks(): HealthCheck[] {
    return [
      ...[...this.databases].map(([name, database]) => ({ name: `database ${name}`, check: () => database.ping() })),
      {
        name: "python",
        // An entry into an interpreter that does nothing.
        check: async () => {
          await this.python.call("builtins:int", [], { deadline: 2_000, signal: AbortSignal.timeout(2_000) });
          return true;
        },
      },
    ];
  }

  async #startPython(): Promise<void> {
    const { limits, workers, cacheFolder, environment } = this.#settings;
    const terminal = new TerminalService(workers > 1 || cluster.isWorker);
    this.#python = await startPython({
      ...findPythonSources(this.#settings),
      ...{ workers, cacheFolder, environment },
      hostFunctions: this.#host.functions,
      services: new Map<string, HostService>([
        ["wsgi", this.exchanges],
        ["terminal", terminal],
        ["postgres", this.#psycopg2],
        ["redis", this.#redis],
        ["websocket", this.sockets],
        [
          "graphql",
          new ClientService({
            schema: (name) => this.#planners.clientSchema(name),
            psycopg2: this.#psycopg2,
            statements: this.#statements,
          }),
        ],
        ["pubsub", new PubSubService(() => this.pubsub)],
      ]),
      deadline: limits.pythonDeadline,
      queueLimit: limits.pythonQueue,
      // The longest that a request may take.
      retirement: Math.max(limits.requestDeadline, limits.uploadDeadline),
      debugger: terminal.canPrompt,
      onLog: (record) => logFromPython(this.#app, record),
      // A schema that can't be built must not replace the interpreters that the planners in use belong to.
      accept: (descriptions) => void this.#planners.build(descriptions),
    });
  }

  async #openDatabases(): Promise<void> {
    const { databases, limits } = this.#settings;
    const open = async ({ name, url, readUrl = null, pooler = false }: DatabaseSource) =>
      await openDatabase({
        ...{ url, readUrl, pooler },
        share: this.#psycopg2.sharing(name, this.#statements),
        poolSize: limits.poolSize,
        queueLimit: limits.poolQueue,
        acquireTimeout: limits.poolTimeout,
        clientShare: limits.clientShare,
        statementTimeout: limits.statementTimeout,
        maxRows: limits.rows,
        connectDeadline: limits.connectDeadline,
      });
    const opening = databases.map(async (source) => this.databases.set(source.name, await open(source)));
    // All of them are waited for, so that those that opened can be closed where another fails.
    const failed = (await Promise.allSettled(opening)).find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) {
      throw failed.reason;
    }
  }

  async #openPubSub(): Promise<void> {
    const { redisUrl, requireRedis, limits } = this.#settings;
    this.#pubsub = await openPubSub({
      redisUrl,
      required: requireRedis,
      connectDeadline: limits.connectDeadline,
      log: this.#app.log,
    });
  }

  #report(schema: string, error: PuffError, path: readonly (string | number)[]): void {
    this.metrics?.countError(schema, error.code);
    const log = this.#routes.currentLog() ?? this.#app.log;
    log[error.level](
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
