/** Errors of operations on a WebSocket, as graphql-ws takes and gives them. */
import type { FastifyBaseLogger } from "fastify";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import type { OperationResponse } from "../../../planner/index.ts";
import { isHidden, shownTo } from "../messages/error-response.ts";

/** An operation that did not run. */
export class NotExecuted extends Error {
  readonly response: OperationResponse;

  constructor(response: OperationResponse) {
    super(messageOf(response));
    this.response = response;
  }
}

/** An error that was formatted already. */
export class FormattedError extends GraphQLError {
  readonly formatted: GraphQLFormattedError;

  constructor(formatted: GraphQLFormattedError) {
    super(formatted.message);
    this.formatted = formatted;
  }
}

/** The errors of an answer without data. */
export function errorsOf(response: OperationResponse): readonly GraphQLError[] {
  return readErrors(response).map((formatted) => new FormattedError(formatted));
}

export function messageOf(response: OperationResponse): string {
  return readErrors(response)[0]?.message ?? "";
}

/** What the client is told of an operation's error. */
export function format(error: GraphQLError, log: FastifyBaseLogger): readonly GraphQLFormattedError[] {
  if (error instanceof FormattedError) {
    return [error.formatted];
  }
  const { cause } = error;
  if (cause instanceof NotExecuted) {
    return readErrors(cause.response);
  }
  return [formatFailure(cause ?? error, log)];
}

/** What the client is told of a failure. The log has it where that hides it. */
export function formatFailure(failure: unknown, log: FastifyBaseLogger): GraphQLFormattedError {
  if (isHidden(failure)) {
    log.error({ err: failure }, "an operation on a WebSocket failed inside the gateway");
  }
  const { code, message } = shownTo(failure);
  return { message, extensions: { code } };
}

function readErrors({ body }: OperationResponse): readonly GraphQLFormattedError[] {
  // The planner's own JSON: an answer that did not run has errors and nothing else.
  return (JSON.parse(body.toString()) as { errors: readonly GraphQLFormattedError[] }).errors;
}
