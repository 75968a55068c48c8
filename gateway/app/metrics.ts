/** Figures about the gateway in Prometheus's text format, at `/metrics`. */
import cluster from "node:cluster";
import type { FastifyInstance } from "fastify";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { type Database, wrapDatabase } from "../../planner/index.ts";
import type { PythonUsage } from "../../python-bridge/index.ts";
import type { ErrorCode } from "../../schema/index.ts";
import type { CacheOutcome } from "../cache/response-cache.ts";

/** Seconds: quick answers are told apart by half a millisecond, slow ones up to the usual deadline of a request. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What is counted from the start of the process on. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<"route" | "method" | "status">;
  readonly #batches: Counter<"schema">;
  readonly #statements: Counter<"database">;
  readonly #errors: Counter<"schema" | "code">;
  readonly #programs: Counter<"schema" | "outcome">;
  readonly #responses: Counter<"schema" | "outcome">;

  /** @param usage Asked whenever somebody looks; null: Python does not run. */
  constructor(usage: () => PythonUsage | null) {
    const registers = [this.#registry];
    if (cluster.worker !== undefined) {
      this.#registry.setDefaultLabels({ process: String(cluster.worker.id) });
    }
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Histogram({
      name: "puff_request_duration_seconds",
      help: "HTTP requests, up to the last byte of the response",
      labelNames: ["route", "method", "status"],
      ...{ buckets, registers },
    });
    this.#batches = new Counter({
      name: "puff_python_batches_total",
      help: "Calls into Python for resolvers; one call covers all resolvers of an operation that Python must run",
      labelNames: ["schema"],
      registers,
    });
    this.#statements = new Counter({
      name: "puff_statements_total",
      help: "SQL statements of plans, without those that begin and end transactions",
      labelNames: ["database"],
      registers,
    });
    this.#errors = new Counter({
      name: "puff_errors_total",
      help: "Logged errors, by code",
      labelNames: ["schema", "code"],
      registers,
    });
    this.#programs = new Counter({
      name: "puff_programs_total",
      help: "Queries with a program: those that it answered, and those whose rows it left to the usual way",
      labelNames: ["schema", "outcome"],
      registers,
    });
    this.#responses = new Counter({
      name: "puff_response_cache_total",
      help: "Operations whose responses may be kept: kept before (hit), kept now (miss), fetched by another (shared), not kept (unkept)",
      labelNames: ["schema", "outcome"],
      registers,
    });
    new Gauge({
      name: "puff_interpreter_memory_bytes",
      help: "Memory of each active Python interpreter",
      labelNames: ["interpreter"],
      registers,
      collect() {
        this.reset();
        for (const [interpreter, bytes] of usage()?.memory ?? []) {
          this.set({ interpreter }, bytes);
        }
      },
    });
    new Counter({
      name: "puff_interpreters_replaced_total",
      help: "Python interpreters replaced because they died or their memory had grown",
      labelNames: ["why"],
      registers,
      collect() {
        this.reset();
        for (const [why, count] of Object.entries(usage()?.replaced ?? {})) {
          this.inc({ why }, count);
        }
      },
    });
  }

  countBatch(schema: string): void {
    this.#batches.inc({ schema });
  }

  countProgram(schema: string, served: boolean): void {
    this.#programs.inc({ schema, outcome: served ? "answered" : "left" });
  }

  countResponse(schema: string, outcome: CacheOutcome): void {
    this.#responses.inc({ schema, outcome });
  }

  countError(schema: string, code: ErrorCode): void {
    this.#errors.inc({ schema, code });
  }

  /** The database with its statements counted. */
  countStatements(name: string, database: Database): Database {
    return wrapDatabase(database, {
      statement: (statement) => {
        this.#statements.inc({ database: name });
        return statement;
      },
    });
  }

  /** Adds `/metrics`, and measures all requests of the application. */
  addTo(app: FastifyInstance): void {
    app.addHook("onResponse", (request, reply, done) => {
      // Routes are few, where URLs may be any.
      const { routeOptions, method } = request;
      const labels = { route: routeOptions.url ?? "none", method, status: String(reply.statusCode) };
      this.#requests.observe(labels, reply.elapsedTime / 1000);
      done();
    });
    app.get("/metrics", async (_request, reply) => {
      reply.header("content-type", this.#registry.contentType).header("cache-control", "no-store");
      return await this.#registry.metrics();
    });
  }
}
