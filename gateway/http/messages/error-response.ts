/** Answers that hold one error and no data. */
import type { PuffError } from "../../../schema/index.ts";
import type { HttpResponse, ResponseForm } from "./message.ts";

/**
 * An answer that holds one error and no data.
 *
 * @example errorResponse(new PuffError("PUFF_CSRF", "…"), "json").body; // {"errors":[{"message":"…","extensions":{"code":"PUFF_CSRF"}}]}
 */
export function errorResponse(error: PuffError, form: ResponseForm, status: number = error.status): HttpResponse {
  const extensions = { ...error.extensions, code: error.code };
  const headers = { ...headersOf(form), ...(status === 503 ? { "retry-after": "1" } : {}) };
  const body = Buffer.from(JSON.stringify({ errors: [{ message: error.message, extensions }] }));
  return { status, headers, body, code: error.code };
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
