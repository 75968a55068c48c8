/** GraphQL over one WebSocket: graphql-ws has the protocol, and the planner's bytes go to the socket as they are. */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { type ExecutionArgs, type GraphQLError, parse } from "graphql";
import { MessageType, makeServer, type SubscribePayload } from "graphql-ws";
import type { WebSocket } from "ws";
import type { Caller, OperationResponse, Planner } from "../../../planner/index.ts";
import { type ErrorCode, keepDigits, PuffError } from "../../../schema/index.ts";
import { type Client, runFor } from "../../fairness/client.ts";
import type { FoundDocument, RequestDocuments } from "../documents/request-documents.ts";
import { checkJsonLevels } from "../messages/json.ts";
import { callAt } from "./expiry.ts";
import { errorsOf, FormattedError, format, formatFailure, messageOf, NotExecuted } from "./operation-errors.ts";
import { type Job, RunningOperations } from "./running-operations.ts";
import { SocketCaller } from "./socket-caller.ts";
import { closeCodes, SocketWriter } from "./socket-writer.ts";

export interface OperationOptions {
  readonly documents: RequestDocuments;
  readonly operationLimit: number;
  readonly queueLimit: number;
  readonly deadline: number;
  readonly client: Client;
  readonly log: FastifyBaseLogger;
  /** Notes what was refused. */
  note(code: ErrorCode, what: string): void;
}

/** Serves a socket until it closes. */
export function serveOperations(
  webSocket: WebSocket,
  headers: IncomingHttpHeaders,
  planner: Planner,
  options: OperationOptions,
): void {
  const writer = new SocketWriter(webSocket, options);
  const operations = new SocketOperations(headers, planner, writer, options);
  const protocol = makeServer({
    schema: planner.schema,
    jsonMessageReviver: keepDigits,
    onConnect: ({ connectionParams }) => operations.connect(connectionParams),
    onSubscribe: (_context, id, payload) => operations.choose(id, payload),
    // All operations look alike to graphql-ws: see anyDocument.
    execute: (args) => operations.run(args.contextValue as Job), // of choose
    onError: (_context, _id, _payload, errors) => errors.flatMap((error) => operations.fail(error)),
  });
  const closed = protocol.opened(
    {
      protocol: webSocket.protocol,
      send: writer.reply.bind(writer),
      close: writer.close.bind(writer),
      onMessage: (handle) =>
        webSocket.on("message", (data, isBinary) => {
          if (isBinary) {
            writer.close(closeCodes.badRequest, "A binary message: send JSON as text");
            return;
          }
          const message = String(data);
          receive(message, handle).catch((error: unknown) => closeFor(error, message, writer, options.log));
        }),
    },
    null,
  );
  webSocket.once("close", (code, reason) => {
    operations.leave();
    void closed(code, String(reason));
  });
}

/** The client that is connected, and what it may run. */
class SocketOperations {
  readonly #headers: IncomingHttpHeaders;
  readonly #planner: Planner;
  readonly #writer: SocketWriter;
  readonly #options: OperationOptions;
  readonly #running: RunningOperations;
  readonly #gone = new AbortController();
  #caller: Caller | null = null;
  #endExpiry: () => void = () => undefined;

  constructor(headers: IncomingHttpHeaders, planner: Planner, writer: SocketWriter, options: OperationOptions) {
    this.#headers = headers;
    this.#planner = planner;
    this.#writer = writer;
    this.#options = options;
    this.#running = new RunningOperations(planner, writer, options);
  }

  /** Whether the client may connect. */
  async connect(connectionParams: ConstructorParameters<typeof SocketCaller>[1]): Promise<boolean> {
    const asking = new SocketCaller(this.#headers, connectionParams);
    const { client } = this.#options;
    const authenticated = await runFor(client, () => this.#planner.authenticate(asking, this.#gone.signal));
    if (authenticated.kind === "refused") {
      this.#note(authenticated.response);
      this.#writer.close(closeCodes.forbidden, messageOf(authenticated.response));
      return false;
    }
    this.#caller = authenticated.caller;
    this.#endExpiry = callAt(authenticated.expires, () =>
      this.#writer.close(closeCodes.forbidden, "The credentials have expired"),
    );
    return true;
  }

  /** What is to run, or why it may not. */
  choose(
    id: string,
    { query, operationName, variables, extensions }: SubscribePayload,
  ): ExecutionArgs | readonly GraphQLError[] {
    let document: FoundDocument;
    try {
      document = this.#options.documents.find({ query, extensions: extensions ?? {} });
    } catch (error) {
      return [new FormattedError(formatFailure(error, this.#options.log))];
    }
    const prepared = this.#planner.prepare(document.query, operationName ?? null);
    if (prepared.kind === "refused") {
      this.#note(prepared.response);
      return errorsOf(prepared.response);
    }
    const { operationLimit } = this.#options;
    if (this.#running.count >= operationLimit) {
      const message = `the WebSocket has ${operationLimit} operations already`;
      this.#options.note("PUFF_TOO_MANY_SUBSCRIPTIONS", message);
      return [new FormattedError({ message, extensions: { code: "PUFF_TOO_MANY_SUBSCRIPTIONS" } })];
    }
    document.keep(); // only authenticated clients get here
    const job: Job = { id, operation: prepared.operation, variables: variables ?? {} };
    return { schema: this.#planner.schema, document: anyDocument, contextValue: job };
  }

  run(job: Job): AsyncIterableIterator<never> {
    if (this.#caller === null) {
      throw new TypeError("graphql-ws lets nobody subscribe before the connection is acknowledged");
    }
    return this.#running.run(job, this.#caller);
  }

  /** What the client is told of an operation's failure. */
  fail(error: GraphQLError): ReturnType<typeof format> {
    if (error.cause instanceof NotExecuted) {
      this.#note(error.cause.response);
    }
    return format(error, this.#options.log);
  }

  /** The socket is closed. */
  leave(): void {
    this.#gone.abort();
    this.#endExpiry();
  }

  #note(response: OperationResponse): void {
    if (response.code !== undefined) {
      this.#options.note(response.code, messageOf(response));
    }
  }
}

async function receive(message: string, handle: (message: string) => Promise<void>): Promise<void> {
  checkJsonLevels(message);
  await handle(message);
}

/** Closes a socket whose message could not be handled. */
function closeFor(error: unknown, message: string, writer: SocketWriter, log: FastifyBaseLogger): void {
  if (error instanceof PuffError && error.status === 400) {
    writer.close(closeCodes.badRequest, `${error.code}: ${error.message}`);
  } else if (error instanceof Error && isServersOwn(message)) {
    writer.close(closeCodes.badRequest, error.message);
  } else {
    log.error({ err: error }, "a WebSocket failed inside the gateway");
    writer.close(closeCodes.internal, "Internal server error");
  }
}

/** Whether only the server may send a message: graphql-ws throws a plain error for one. */
function isServersOwn(message: string): boolean {
  const { type } = JSON.parse(message) as { type?: unknown }; // graphql-ws has read it as an object
  return type === MessageType.ConnectionAck || type === MessageType.Next || type === MessageType.Error;
}

/** graphql-ws looks whether the operation is a subscription. It is told that none is, since all are run the same way. */
const anyDocument = parse("{ __typename }");
