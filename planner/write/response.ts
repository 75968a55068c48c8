/** Errors as clients see them, and the answers that hold nothing else. */
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { type ErrorCode, PuffError } from "../../schema/index.ts";
import type { OperationResponse, PlannerOptions } from "../contract/planner.ts";
import { locationsOf } from "../operation/detached.ts";
import { AccessDenied } from "../resolve/access-denied.ts";
import { told } from "./told.ts";
import type { Writer } from "./writer.ts";

type Masking = Pick<PlannerOptions, "maskErrors" | "report" | "schema">;

/** The answer to a request whose operation did not run. */
export function refuse(errors: readonly unknown[], code: ErrorCode, masking: Masking): OperationResponse {
  const [first] = errors;
  return {
    body: Buffer.from(JSON.stringify({ errors: formatErrors(errors, code, masking) })),
    rest: null,
    executed: false,
    code: codeOf(first, code),
    status: statusOf(first) ?? 400,
    headers: first instanceof AccessDenied ? first.headers : retryHeaders(statusOf(first)),
  };
}

/** Ends an answer whose `data` were written: adds the errors, if there are any. */
export function writeEnd({ out, errors }: Writer, masking: Masking): void {
  if (errors.length > 0) {
    out.string(`,"errors":${JSON.stringify(formatErrors(errors, "PUFF_VALUE_INVALID", masking))}`);
  }
  out.byte(0x7d);
}

/** Status and headers of an operation that ran: those of the first error that is about the gateway, else 200. */
export function outcomeOf(
  errors: readonly GraphQLError[],
): Pick<OperationResponse, "status" | "headers" | "hasErrors"> {
  const statuses = errors.map((error) => statusOf(error)).filter((status) => status !== undefined);
  const status = statuses.find((candidate) => candidate !== 200) ?? 200;
  const outcome = { status, headers: retryHeaders(status) };
  return errors.length === 0 ? outcome : { ...outcome, hasErrors: true };
}

/**
 * Formats errors as the specification has them, each with a code. What is not safe to show is masked where the
 * options say so, and reported once, however many paths it hit.
 */
function formatErrors(errors: readonly unknown[], code: ErrorCode, masking: Masking): GraphQLFormattedError[] {
  const reported = new Set<unknown>();
  return errors.map((error) => {
    const located = error instanceof GraphQLError ? error : null;
    const original = located?.originalError ?? error;
    const base = located === null ? { message: messageOf(error) } : toJson(located);
    if (original instanceof AccessDenied) {
      return { ...base, extensions: { code: "PUFF_PERMISSION_DENIED" satisfies ErrorCode } };
    }
    if (located !== null && (original === undefined || original === located || original instanceof GraphQLError)) {
      return { ...shorten(base), extensions: { ...located.extensions, code } };
    }
    const puff = original instanceof PuffError ? original : internalError(original);
    const said = told(puff, masking.schema);
    if (said !== null) {
      return { ...base, ...said };
    }
    // The rows of a table can all be wrong in the same way.
    const reason = puff.code === "PUFF_VALUE_INVALID" ? fieldOf(located) : original;
    if (!puff.safe && !reported.has(reason)) {
      reported.add(reason);
      masking.report(puff, located?.path ?? []);
    }
    if (!puff.safe && masking.maskErrors) {
      return { ...base, message: puff.masked, extensions: { code: puff.code } };
    }
    // A code of the user's own, given to graphql.Error, wins. A place may name hosts and files.
    const message = sentenceOf(puff, masking.maskErrors ? undefined : puff.place);
    return { ...base, message, extensions: { code: puff.code, ...puff.extensions } };
  });
}

/** Where an error happened, whatever the item of a list. */
function fieldOf(error: GraphQLError | null): string {
  return error?.path?.filter((part) => typeof part === "string").join(".") ?? "";
}

/** As graphql-js has it, with the places of nodes that were detached. */
function toJson(error: GraphQLError): GraphQLFormattedError {
  const { message, ...others } = error.toJSON();
  const locations = locationsOf(error);
  return { message, ...(locations === undefined ? {} : { locations }), ...others };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** graphql-js repeats the document's names and the variables' values: without a bound, each error may be as long as they are. */
function shorten(error: GraphQLFormattedError): GraphQLFormattedError {
  const { message, locations } = error;
  return {
    ...error,
    message: message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message,
    ...(locations !== undefined && locations.length > MOST_LOCATIONS
      ? { locations: locations.slice(0, MOST_LOCATIONS) }
      : {}),
  };
}

const LONGEST_MESSAGE = 500;
const MOST_LOCATIONS = 10;

/** What a thrown stranger becomes: a bug of the gateway's. */
export function internalError(error: unknown): PuffError {
  return new PuffError("PUFF_INTERNAL", error instanceof Error ? error.message : String(error), { cause: error });
}

function sentenceOf({ message, remedy }: PuffError, place: string | undefined): string {
  const sentence = remedy === undefined || /[.!?]$/.test(message) ? message : `${message}.`;
  return [place === undefined ? "" : `${place}: `, sentence, remedy === undefined ? "" : ` ${remedy}`].join("");
}

function codeOf(thrown: unknown, standard: ErrorCode): ErrorCode {
  const error = originOf(thrown);
  return error instanceof AccessDenied ? "PUFF_PERMISSION_DENIED" : error instanceof PuffError ? error.code : standard;
}

function statusOf(thrown: unknown): number | undefined {
  const error = originOf(thrown);
  return error instanceof PuffError || error instanceof AccessDenied ? error.status : undefined;
}

function originOf(thrown: unknown): unknown {
  return thrown instanceof GraphQLError ? thrown.originalError : thrown;
}

function retryHeaders(status: number | undefined): { readonly [name: string]: string } {
  return status === 503 ? { "retry-after": "1" } : {};
}
