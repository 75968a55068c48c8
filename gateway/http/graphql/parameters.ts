/** The parameters of a GraphQL-over-HTTP request, read from a URL or a body and validated: past here they are trusted. */
import { isUtf8 } from "node:buffer";
import { MIMEType } from "node:util";
import { isExactNumber, PuffError } from "../../../schema/index.ts";
import { parseJson } from "../messages/json.ts";
import type { HttpRequest } from "../messages/message.ts";

export interface RequestParameters {
  /** The document's text; null if the request has none. */
  readonly query: string | null;
  /** Of a trusted document; null if the request has none. */
  readonly id: string | null;
  readonly operationName: string | null;
  readonly variables: { readonly [name: string]: unknown };
  readonly extensions: { readonly [name: string]: unknown };
}

/**
 * Reads the parameters of a GET from its URL.
 *
 * @param search - what follows the `?` of the URL
 * @throws PuffError `PUFF_REQUEST_INVALID`
 */
export function readUrlParameters(search: string): RequestParameters {
  const params = new URLSearchParams(search);
  // An empty optional parameter is one that was left out.
  return validate({
    query: params.get("query"),
    documentId: params.get("documentId") || null,
    doc_id: params.get("doc_id") || null,
    operationName: params.get("operationName") || null,
    variables: parseUrlJson("variables", params.get("variables")),
    extensions: parseUrlJson("extensions", params.get("extensions")),
  });
}

/**
 * Reads the parameters of a POST from its JSON body.
 *
 * @throws PuffError `PUFF_UNSUPPORTED_MEDIA_TYPE`, `PUFF_REQUEST_INVALID`
 */
export function readBodyParameters(request: HttpRequest): RequestParameters {
  requireJson(request.headers["content-type"]);
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new PuffError(
      "PUFF_UNSUPPORTED_MEDIA_TYPE",
      `a body with content-encoding "${encoding}" is not supported: send it uncompressed`,
    );
  }
  return validate(parseBody(request.body));
}

/**
 * Only JSON, since a browser sends it across origins after a preflight alone, while it sends forms and plain text
 * without asking: that would let any page run mutations with the cookies of its visitor.
 */
function requireJson(contentType: string | undefined): void {
  if (contentType === "application/json") {
    return;
  }
  let type: MIMEType | null = null;
  try {
    type = contentType === undefined ? null : new MIMEType(contentType);
  } catch {
    // Not a media type at all: refused below with what came.
  }
  const charset = type?.params.get("charset")?.toLowerCase() ?? "utf-8";
  if (type?.essence !== "application/json" || (charset !== "utf-8" && charset !== "utf8")) {
    const came = contentType === undefined ? "the request has no content-type" : `the content-type is "${contentType}"`;
    throw new PuffError("PUFF_UNSUPPORTED_MEDIA_TYPE", `${came}: send the operation as application/json in UTF-8`);
  }
}

function parseBody(body: Buffer | string | null): { readonly [name: string]: unknown } {
  if (body === null || body.length === 0) {
    throw invalid('the body is empty: send a JSON object with "query"');
  }
  if (typeof body !== "string" && !isUtf8(body)) {
    throw invalid("the body is not UTF-8");
  }
  const parsed = parseClientJson("the body", typeof body === "string" ? body : body.toString("utf8"));
  if (Array.isArray(parsed)) {
    throw invalid(
      "the body is a batch of operations, which is not supported: send each operation as a request of its own " +
        "(with Apollo Client, HttpLink in place of BatchHttpLink)",
    );
  }
  if (!isMap(parsed)) {
    throw invalid(`the body must be a JSON object with "query", but it is ${nameType(parsed)}`);
  }
  return parsed;
}

function parseUrlJson(name: string, text: string | null): unknown {
  if (text === null || text === "") {
    return null;
  }
  return parseClientJson(`"${name}" in the URL`, text);
}

function parseClientJson(what: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof PuffError) {
      throw error;
    }
    throw invalid(`${what} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function validate(params: { readonly [name: string]: unknown }): RequestParameters {
  const { query, operationName, variables, extensions } = params;
  if (query !== undefined && query !== null && typeof query !== "string") {
    throw invalid(`"query" must be a string, but it is ${nameType(query)}`);
  }
  if (operationName !== undefined && operationName !== null && typeof operationName !== "string") {
    throw invalid(`"operationName" must be a string, but it is ${nameType(operationName)}`);
  }
  if (variables !== undefined && variables !== null && !isMap(variables)) {
    throw invalid(`"variables" must be an object, but it is ${nameType(variables)}`);
  }
  if (extensions !== undefined && extensions !== null && !isMap(extensions)) {
    throw invalid(`"extensions" must be an object, but it is ${nameType(extensions)}`);
  }
  return {
    query: query ?? null,
    id: idOf(params),
    operationName: operationName ?? null,
    variables: variables ?? nothing,
    extensions: extensions ?? nothing,
  };
}

const nothing = Object.freeze({});

/** `documentId` of GraphQL over HTTP, `doc_id` of Relay's examples. */
function idOf(params: { readonly [name: string]: unknown }): string | null {
  for (const name of ["documentId", "doc_id"]) {
    const id = params[name] ?? null;
    if (typeof id === "string") {
      return id;
    }
    if (id !== null) {
      throw invalid(`"${name}" must be a string, but it is ${nameType(id)}`);
    }
  }
  return null;
}

function isMap(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);
}

function nameType(value: unknown): string {
  if (value === null) {
    return "null";
  }
  if (Array.isArray(value)) {
    return "an array";
  }
  if (isExactNumber(value)) {
    return "a number";
  }
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function invalid(message: string): PuffError {
  return new PuffError("PUFF_REQUEST_INVALID", message);
}
