/** Makes a planner of each schema that Python describes. */
import { createPlanner, type Database, type Planner, type Resolver } from "../../planner/index.ts";
import type { Python } from "../../python-bridge/index.ts";
import { buildExecutableSchema, PuffError, type SchemaDescription } from "../../schema/index.ts";
import type { ClientSchema } from "../client/client-service.ts";
import { Admission } from "../fairness/admission.ts";
import type { Settings } from "../options/settings.ts";
import type { PostgresDatabase } from "../postgres/index.ts";
import type { PubSub } from "../pubsub/index.ts";
import { chooseResolvers, type Host } from "./host-module.ts";
import type { Metrics } from "./metrics.ts";
import type { ResponseCaches } from "./response-caches.ts";
import { eventsOf, noDatabase } from "./sources.ts";

/** Calls that an interpreter is given at a time: more would not be answered sooner, and the next client waits for fewer. */
const callsAtOnce = 200;
/** Milliseconds after which a resolver waits rather than computes, in all likelihood. */
const callOldAfter = 100;

export interface SchemaPlannersOptions {
  readonly settings: Settings;
  readonly host: Host;
  /** By name. */
  readonly databases: ReadonlyMap<string, PostgresDatabase>;
  readonly caches: ResponseCaches;
  readonly metrics: Metrics | null;
  python(): Python;
  pubsub(): PubSub;
  /** Notes an error of a schema that the client is not told. */
  report(schema: string, error: PuffError, path: readonly (string | number)[]): void;
}

export class SchemaPlanners {
  readonly #options: SchemaPlannersOptions;
  /** Calls of resolvers. */
  readonly #calls: Admission;
  #planners: ReadonlyMap<string, Planner> = new Map();

  constructor(options: SchemaPlannersOptions) {
    const { limits, workers } = options.settings;
    this.#options = options;
    this.#calls = new Admission({
      places: callsAtOnce * workers,
      queueLimit: limits.pythonQueue,
      share: limits.clientShare,
      oldAfter: callOldAfter,
      busy: (waiting) =>
        new PuffError("PUFF_PYTHON_BUSY", `${waiting} calls wait for Python already`, {
          remedy: "Try again in a moment, or run more workers.",
        }),
    });
  }

  /** By the schema's name. */
  get all(): ReadonlyMap<string, Planner> {
    return this.#planners;
  }

  of(name: string): Planner {
    const planner = this.#planners.get(name);
    if (planner === undefined) {
      throw new PuffError("PUFF_INTERNAL", `there is no planner for schema ${name}`);
    }
    return planner;
  }

  /**
   * Serves these schemas from now on.
   *
   * @throws PuffError if one of them can't be built.
   */
  use(descriptions: ReadonlyMap<string, SchemaDescription>): void {
    this.#planners = this.build(descriptions);
  }

  /** Builds the planners without using them. */
  build(descriptions: ReadonlyMap<string, SchemaDescription>): ReadonlyMap<string, Planner> {
    const { host, databases, caches, metrics, settings, python, pubsub, report } = this.#options;
    const { schemas, limits, verifyPlans, introspection, suggestions, maskErrors } = settings;
    const built = schemas.map(({ name, spec }) => {
      const description = descriptions.get(name);
      if (description === undefined) {
        throw new PuffError("PUFF_INTERNAL", `Python did not describe schema ${name}`, { place: spec });
      }
      return buildExecutableSchema(name, description);
    });
    const databaseNames = schemas.map(({ database }) => database);
    caches.watch(built.map((schema, index) => ({ schema, databaseName: databaseNames[index] ?? "" })));
    return new Map(
      built.map((schema, index) => {
        const databaseName = databaseNames[index] ?? "";
        const database = this.#databaseOf(databaseName);
        const resolver: Resolver = {
          resolve: (batch, signal) => {
            metrics?.countBatch(schema.name);
            return this.#calls.run(signal, () => python().resolve(batch, signal));
          },
          iterate: (batch, signal) => python().iterate(batch, signal),
        };
        const planner = createPlanner({
          ...{ schema, resolver, database },
          events: eventsOf(pubsub, databases.get(databaseName)),
          layerFunctions: chooseResolvers(host, built, schema),
          fuse: true,
          ...{ limits, verifyPlans, introspection, suggestions, maskErrors },
          ranProgram: (served) => metrics?.countProgram(schema.name, served),
          report: (error, path) => report(schema.name, error, path),
        });
        return [schema.name, caches.plannerOf(planner, { schema, resolver, databaseName, database })];
      }),
    );
  }

  /** What Python's client runs operations on; null: the only schema, or the one named `default`. */
  clientSchema(name: string | null): ClientSchema {
    const { schemas } = this.#options.settings;
    const wanted = name ?? (schemas.length === 1 ? schemas[0]?.name : "default");
    const schema = schemas.find((one) => one.name === wanted);
    if (schema === undefined) {
      const there = schemas.length === 0 ? "none is loaded" : `there are ${schemas.map((one) => one.name).join(", ")}`;
      throw new PuffError("PUFF_CONFIG_INVALID", `there is no schema "${wanted}": ${there}`);
    }
    const database = this.#databaseOf(schema.database);
    return { planner: this.of(schema.name), databaseName: schema.database, database };
  }

  #databaseOf(name: string): Database {
    const { databases, caches, metrics } = this.#options;
    const database = databases.get(name);
    if (database === undefined) {
      return noDatabase;
    }
    return caches.databaseOf(name, metrics?.countStatements(name, database) ?? database);
  }
}
