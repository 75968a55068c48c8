/** GraphQL over one WebSocket: graphql-ws has the protocol, and the planner's bytes go to the socket as they are. */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, parse } from "graphql";
import { makeServer } from "graphql-ws";
import type { WebSocket } from "ws";
import type { Caller, OperationResponse, Planner, PreparedOperation } from "../../../planner/index.ts";
import { type ErrorCode, keepDigits, PuffError } from "../../../schema/index.ts";
import { type Client, runFor } from "../../fairness/client.ts";
import { startDeadline } from "../../terminal/prompts.ts";
import type { FoundDocument, RequestDocuments } from "../documents/request-documents.ts";
import { isHidden, shownTo } from "../messages/error-response.ts";
import { checkJsonLevels } from "../messages/json.ts";
import { callAt } from "./expiry.ts";
import { SocketCaller } from "./socket-caller.ts";

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

/** Codes with which a socket is closed, beside those that graphql-ws closes it with. */
const closeCodes = {
  badRequest: 4400,
  forbidden: 4403,
  slow: 4413,
  internal: 4500,
} as const;

/** Bytes that wait in a socket until more is held back. */
const highWater = 65_536;

/** An operation that a client asked for. */
interface Job {
  readonly id: string;
  readonly operation: PreparedOperation;
  readonly variables: { readonly [name: string]: unknown };
}

/** Serves a socket until it closes. */
export function serveOperations(
  webSocket: WebSocket,
  headers: IncomingHttpHeaders,
  planner: Planner,
  options: OperationOptions,
): void {
  const gone = new AbortController();
  let caller: Caller | null = null;
  let endExpiry: () => void = () => undefined;
  /** Operations that have not ended, be it that their client has completed them. */
  let running = 0;
  /** Bytes of the protocol's own messages, such as pongs, that the client has not taken yet. */
  let unread = 0;
  const protocol = makeServer({
    schema: planner.schema,
    jsonMessageReviver: keepDigits,
    async onConnect({ connectionParams }) {
      const asking = new SocketCaller(headers, connectionParams);
      const authenticated = await runFor(options.client, () => planner.authenticate(asking, gone.signal));
      if (authenticated.kind === "refused") {
        note(authenticated.response);
        close(closeCodes.forbidden, messageOf(authenticated.response));
        return false;
      }
      caller = authenticated.caller;
      endExpiry = callAt(authenticated.expires, () => close(closeCodes.forbidden, "The credentials have expired"));
      return true;
    },
    onSubscribe(
      _context,
      id,
      { query, operationName, variables, extensions },
    ): ExecutionArgs | readonly GraphQLError[] {
      let document: FoundDocument;
      try {
        document = options.documents.find({ query, extensions: extensions ?? {} });
      } catch (error) {
        return [new FormattedError(formatFailure(error))];
      }
      const prepared = planner.prepare(document.query, operationName ?? null);
      if (prepared.kind === "refused") {
        note(prepared.response);
        return errorsOf(prepared.response);
      }
      if (running >= options.operationLimit) {
        const message = `the WebSocket has ${options.operationLimit} operations already`;
        options.note("PUFF_TOO_MANY_SUBSCRIPTIONS", message);
        return [new FormattedError({ message, extensions: { code: "PUFF_TOO_MANY_SUBSCRIPTIONS" } })];
      }
      document.keep(); // whoever may subscribe is authenticated
      const job: Job = { id, operation: prepared.operation, variables: variables ?? {} };
      return { schema: planner.schema, document: anyDocument, contextValue: job };
    },
    // All operations look alike to graphql-ws: see anyDocument.
    execute: (args) => run(args.contextValue as Job), // of onSubscribe
    onError: (_context, _id, _payload, errors) => errors.flatMap((error) => format(error)),
  });
  const closed = protocol.opened(
    {
      protocol: webSocket.protocol,
      send: reply,
      close,
      onMessage: (handle) =>
        webSocket.on("message", (data, isBinary) => {
          if (isBinary) {
            close(closeCodes.badRequest, "A binary message: send JSON as text");
            return;
          }
          receive(String(data), handle).catch((error: unknown) => fail(error));
        }),
    },
    null,
  );
  webSocket.once("close", (code, reason) => {
    gone.abort();
    endExpiry();
    void closed(code, String(reason));
  });

  function run(job: Job): AsyncIterableIterator<never> {
    const left = new AbortController();
    let completed = false;
    running++;
    const finished = runFor(options.client, answer, job, left).finally(() => {
      running--;
    });
    finished.catch(() => undefined); // next() tells
    return {
      next: () =>
        new Promise((resolve, reject) => {
          // Nothing follows a completed operation, and its id may be another's by now: graphql-ws learns no end of it.
          const settle = (end: () => void) => (completed ? undefined : end());
          finished.then(
            () => settle(() => resolve({ done: true, value: undefined })),
            (error) => settle(() => reject(error)),
          );
        }),
      // Called when the client completes the operation, and when it is gone.
      async return() {
        completed = true;
        left.abort();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Writes an operation's answers. Throws {@link Refusal} where it did not run. */
  async function answer({ id, operation, variables }: Job, left: AbortController): Promise<void> {
    if (caller === null) {
      throw new TypeError("graphql-ws lets nobody subscribe before the connection is acknowledged");
    }
    const { signal } = left;
    const prefix = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
    const timer = startDeadline(options.deadline, () => {
      left.abort(new PuffError("PUFF_REQUEST_DEADLINE", `it took longer than ${options.deadline / 1000} s`));
    });
    try {
      if (operation.type !== "subscription") {
        const response = await planner.execute(operation, variables, caller, { signal });
        if (signal.reason instanceof PuffError) {
          throw signal.reason; // the deadline: a client that left needs no answer
        }
        if (!response.executed) {
          throw new Refusal(response);
        }
        await send(prefix, response.body, signal);
        return;
      }
      const subscribed = await planner.subscribe(operation, variables, caller, {
        signal,
        queueBytes: options.queueLimit,
        behind: ({ code, message }) => closeSlow(code, message),
      });
      clearTimeout(timer);
      if (subscribed.kind === "refused") {
        throw new Refusal(subscribed.response);
      }
      const { answers } = subscribed;
      signal.addEventListener("abort", () => void answers.return?.(), { once: true });
      if (signal.aborted) {
        await answers.return?.();
      }
      for await (const body of answers) {
        await send(prefix, body, signal);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * A client may send as many pings as it wants without reading: what answers is bounded by itself. graphql-ws does not
   * wait for it, since it keeps an id until it has told its end, and the client may use it again before.
   */
  function reply(message: string): void {
    unread += message.length;
    if (unread > options.queueLimit) {
      closeSlow("PUFF_SUBSCRIBER_SLOW", "the client sends messages but does not read the responses");
    }
    void write(webSocket, message).then(() => {
      unread -= message.length;
    });
  }

  async function send(prefix: Buffer, body: Buffer, signal: AbortSignal): Promise<void> {
    if (!signal.aborted) {
      await write(webSocket, Buffer.concat([prefix, body, suffix], prefix.length + body.length + 1));
    }
  }

  function closeSlow(code: ErrorCode, message: string): void {
    if (webSocket.readyState === webSocket.OPEN) {
      options.note(code, message);
    }
    close(closeCodes.slow, `${code}: ${message}`);
  }

  function note(response: OperationResponse): void {
    if (response.code !== undefined) {
      options.note(response.code, messageOf(response));
    }
  }

  function close(code: number, reason = ""): void {
    webSocket.close(code, Buffer.from(reason).subarray(0, longestReason));
  }

  function format(error: GraphQLError): readonly GraphQLFormattedError[] {
    const { cause } = error;
    if (error instanceof FormattedError) {
      return [error.formatted];
    }
    if (cause instanceof Refusal) {
      note(cause.response);
      return readErrors(cause.response);
    }
    return [formatFailure(cause ?? error)];
  }

  function formatFailure(failure: unknown): GraphQLFormattedError {
    if (isHidden(failure)) {
      options.log.error({ err: failure }, "an operation on a WebSocket failed inside the gateway");
    }
    const { code, message } = shownTo(failure);
    return { message, extensions: { code } };
  }

  async function receive(message: string, handle: (message: string) => Promise<void>): Promise<void> {
    checkJsonLevels(message);
    await handle(message);
  }

  function fail(error: unknown): void {
    if (error instanceof PuffError && error.status === 400) {
      close(closeCodes.badRequest, `${error.code}: ${error.message}`);
    } else if (error instanceof Error && error.message.startsWith("Unexpected message of type")) {
      close(closeCodes.badRequest, error.message);
    } else {
      options.log.error({ err: error }, "a WebSocket failed inside the gateway");
      close(closeCodes.internal, "Internal server error");
    }
  }
}

/** Bytes of a reason that a close frame has room for. */
const longestReason = 123;
const suffix = Buffer.from("}");

/** graphql-ws looks whether the operation is a subscription: it is told that none is, since all are run the same way. */
const anyDocument = parse("{ __typename }");

/** An operation that did not run. */
class Refusal extends Error {
  readonly response: OperationResponse;

  constructor(response: OperationResponse) {
    super(messageOf(response));
    this.response = response;
  }
}

/** Resolves when the socket has room for more. */
function write(webSocket: WebSocket, data: string | Buffer): Promise<void> {
  if (webSocket.readyState !== webSocket.OPEN) {
    return Promise.resolve();
  }
  if (webSocket.bufferedAmount + data.length < highWater) {
    webSocket.send(data, { binary: false });
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    webSocket.send(data, { binary: false }, () => resolve()); // a socket that fails also closes
  });
}

/** The errors of an answer without data, as graphql-ws takes them. */
function errorsOf(response: OperationResponse): readonly GraphQLError[] {
  return readErrors(response).map((formatted) => new FormattedError(formatted));
}

/** An error that was formatted already. */
class FormattedError extends GraphQLError {
  readonly formatted: GraphQLFormattedError;

  constructor(formatted: GraphQLFormattedError) {
    super(formatted.message);
    this.formatted = formatted;
  }
}

function messageOf(response: OperationResponse): string {
  return readErrors(response)[0]?.message ?? "";
}

function readErrors({ body }: OperationResponse): readonly GraphQLFormattedError[] {
  // The planner's own JSON: an answer that did not run has errors and nothing else.
  return (JSON.parse(body.toString()) as { errors: readonly GraphQLFormattedError[] }).errors;
}
