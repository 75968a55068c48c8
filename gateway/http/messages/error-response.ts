/** Answers that hold one error and no data. */
import { type ErrorCode, PuffError } from "../../../schema/index.ts";
import type { HttpResponse, ResponseForm } from "./message.ts";

/**
 * What a client may know of a failure. A message that is not safe may hold values, names or URLs: the log has it.
 *
 * @example shownTo(new PuffError("PUFF_INTERNAL", "…")); // { code: "PUFF_INTERNAL", message: "Internal server error" }
 */
export function shownTo(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  if (!(error instanceof PuffError)) {
    return shownTo(new PuffError("PUFF_INTERNAL", String(error)));
  }
  return { code: error.code, message: error.safe ? error.message : error.masked };
}

/** Whether the log has to say what {@link shownTo} hides. */
export function isHidden(error: unknown): boolean {
  return !(error instanceof PuffError && error.safe);
}

/**
 * An answer that holds one error and no data.
 *
 * @example errorResponse(new PuffError("PUFF_CSRF", "…"), "json").body; // {"errors":[{"message":"…","extensions":{"code":"PUFF_CSRF"}}]}
 */
export function errorResponse(error: PuffError, form: ResponseForm, status: number = error.status): HttpResponse {
  const { code, message } = shownTo(error);
  const extensions = error.safe ? { ...error.extensions, code } : { code };
  const headers = { ...headersOf(form), ...(status === 503 ? { "retry-after": "1" } : {}) };
  const body = Buffer.from(JSON.stringify({ errors: [{ message, extensions }] }));
  return { status, headers, body, code };
}

export function headersOf(form: ResponseForm): { readonly [name: string]: string } {
  return form === "graphql" ? graphqlHeaders : jsonHeaders;
}

// Made once: a response without headers of its own shares them.
const jsonHeaders = Object.freeze({
  "content-type": "application/json; charset=utf-8",
  vary: "accept",
});

const graphqlHeaders = Object.freeze({
  "content-type": "application/graphql-response+json; charset=utf-8",
  vary: "accept",
});
