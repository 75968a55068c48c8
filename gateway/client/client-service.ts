/**
 * The host service `graphql`: runs operations for Python. Their resolvers are called by the greenlet that asks, so that
 * they share its connections, and their statements run on its connection where it has one.
 */
import { type Database, lateDatabase, type Planner, type PreparedOperation } from "../../planner/index.ts";
import {
  type HostAnswer,
  type HostService,
  type HostSession,
  json,
  method,
  methods,
  nothing,
  nullable,
  number,
  object,
  record,
  text,
  type ValueOf,
} from "../../python-bridge/index.ts";
import { type JsonValue, PuffError, parseExact, type ResolveBatchResult } from "../../schema/index.ts";
import type { Psycopg2Service, StatementOptions } from "../psycopg2/index.ts";
import { Conversation, type Question } from "./conversation.ts";

export interface ClientServiceOptions {
  /** By name; null: the only one, or the one named `default`. */
  schema(name: string | null): ClientSchema;
  readonly psycopg2: Psycopg2Service;
  /** How statements run on Python's connections. */
  readonly statements: StatementOptions;
}

export interface ClientSchema {
  readonly planner: Planner;
  /** The name of its database; empty: it has none. */
  readonly databaseName: string;
  readonly database: Database;
}

/** What `puff._client` sends. */
const operationRequest = object({
  schema: nullable(text),
  query: text,
  operationName: nullable(text),
  /** An object as JSON: its numbers keep their digits. */
  variables: text,
  /** By lower-case name. */
  headers: record(text),
  authToken: nullable(text),
});
type OperationRequest = ValueOf<typeof operationRequest>;

export class ClientService implements HostService {
  readonly #options: ClientServiceOptions;

  constructor(options: ClientServiceOptions) {
    this.#options = options;
  }

  open(): HostSession {
    return new ClientSession(this.#options);
  }
}

interface Running {
  readonly conversation: Conversation<Buffer>;
  readonly abort: AbortController;
  /** Stops listening to the greenlet's end. */
  release(): void;
}

/** One interpreter's operations. */
class ClientSession implements HostSession {
  readonly #options: ClientServiceOptions;
  readonly #running = new Map<number, Running>();
  #last = 0;

  constructor(options: ClientServiceOptions) {
    this.#options = options;
  }

  readonly call = methods("graphql", {
    execute: method([operationRequest], async ([request], { signal }) => {
      const id = ++this.#last;
      const end = (): void => this.#end(id);
      signal.addEventListener("abort", end);
      this.#running.set(id, {
        ...this.#start(request, signal),
        release: () => signal.removeEventListener("abort", end),
      });
      return await this.#next(id);
    }),
    reply: method([number, json], async ([id, value]) => {
      this.#running.get(id)?.conversation.reply(value);
      return await this.#next(id);
    }),
    end: method([number], ([id]) => {
      this.#end(id);
      return nothing;
    }),
  });

  close(): void {
    for (const id of this.#running.keys()) {
      this.#end(id);
    }
  }

  #start(request: OperationRequest, signal: AbortSignal): Omit<Running, "release"> {
    const { planner, databaseName, database } = this.#options.schema(request.schema);
    const abort = new AbortController();
    const run = async (ask: (question: Question) => Promise<JsonValue>): Promise<Buffer> => {
      const prepared = planner.prepare(request.query, request.operationName);
      if (prepared.kind === "refused") {
        return prepared.response.body;
      }
      refuseSubscription(prepared.operation);
      let chosen: Promise<Database> | null = null;
      const choose = async (): Promise<Database> => {
        const handle = await ask({ kind: "connection", database: databaseName });
        return handle === null
          ? database
          : this.#options.psycopg2.plannerDatabase(Number(handle), signal, this.#options.statements);
      };
      const { variables, headers, authToken } = request;
      const response = await planner.execute(
        prepared.operation,
        parseExact(variables) as { readonly [name: string]: unknown }, // as puff._client writes it
        { headers, authToken },
        {
          signal: abort.signal,
          inside: {
            // As puff._bridge.resolve writes it.
            resolve: async (batch) => JSON.parse(String(await ask({ kind: "resolve", batch }))) as ResolveBatchResult,
            // Its tables may differ from those of the gateway's own connections.
            database: lateDatabase("python", () => (chosen ??= choose())),
          },
        },
      );
      return response.body;
    };
    return { conversation: new Conversation(run), abort };
  }

  async #next(id: number): Promise<HostAnswer> {
    const running = this.#running.get(id);
    if (running === undefined) {
      throw new Error(`there is no operation ${id}`);
    }
    try {
      const step = await running.conversation.next();
      if (step.kind !== "answer") {
        return { value: { id, ...step } as unknown as JsonValue }; // plain data
      }
      this.#end(id);
      return { value: { id, kind: "answer" }, buffers: [new Uint8Array(step.answer)] };
    } catch (error) {
      this.#end(id);
      throw error;
    }
  }

  #end(id: number): void {
    const running = this.#running.get(id);
    this.#running.delete(id);
    running?.release();
    running?.abort.abort();
    running?.conversation.end();
  }
}

function refuseSubscription({ type }: PreparedOperation): void {
  if (type === "subscription") {
    throw new PuffError("PUFF_REQUEST_INVALID", "a subscription has more than one result: subscribe over a WebSocket");
  }
}
