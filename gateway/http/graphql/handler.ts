/**
 * GraphQL over HTTP as a function from plain values to plain values: the Fastify adapter only converts. Statuses are
 * those that the audits of graphql-http test; where the specification leaves a choice, the comment says which.
 */
import type { Caller, OperationResponse } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import { startDeadline } from "../../terminal/prompts.ts";
import { errorResponse, headersOf, isHidden } from "../messages/error-response.ts";
import type { HttpRequest, HttpResponse, RequestHeaders, ResponseForm } from "../messages/message.ts";
import { negotiate, type Preference } from "./accept.ts";
import type { Endpoint } from "./endpoint.ts";
import { openEventStream } from "./event-stream.ts";
import { type RequestParameters, readBodyParameters, readUrlParameters } from "./parameters.ts";
import { eventForm, partForm } from "./stream-forms.ts";

/**
 * Answers one request. Never throws for what a client sends.
 *
 * @param abort - aborted by the caller when the client is gone, and by this function at the deadline
 * @example
 * const { status, body } = await handleRequest(
 *   { method: "GET", search: "query={a}", headers: {}, body: null }, endpoint, new AbortController());
 */
export async function handleRequest(
  request: HttpRequest,
  endpoint: Endpoint,
  abort: AbortController,
): Promise<HttpResponse> {
  const { form, page, events, parts } = negotiate(request.headers.accept);
  try {
    const isPost = request.method === "POST";
    if (!isPost && request.method !== "GET" && request.method !== "HEAD") {
      const single = request.method === "PUT" ? " (graphql-sse: without its singleConnection)" : "";
      return notAllowed(`${request.method} is not supported here: use GET or POST${single}`, "GET, HEAD, POST", form);
    }
    if (!isPost && page && endpoint.page !== null) {
      return endpoint.page; // it fills its editor with the URL's operation, and runs nothing unasked
    }
    if (form === null && events === "refused" && !parts) {
      throw new PuffError(
        "PUFF_NOT_ACCEPTABLE",
        "the Accept header allows neither application/graphql-response+json nor application/json in UTF-8",
      );
    }
    if (!isPost) {
      endpoint.origins.refuseCrossSite(request.headers, request.host ?? "");
    }
    const parameters = isPost ? readBodyParameters(request) : readUrlParameters(request.search);
    const response = await runOperation(
      parameters,
      !isPost,
      { form: form ?? "json", events, parts },
      request,
      endpoint,
      abort,
    );
    return isPost ? response : ofCaller(response, request.headers["if-none-match"]);
  } catch (error) {
    if (error instanceof PuffError) {
      if (isHidden(error)) {
        endpoint.report(error);
      }
      return ofCaller(errorResponse(error, form ?? "json"));
    }
    throw error;
  }
}

/**
 * Says whether caches may keep a response for others, since some keep whatever says nothing. One that depends on the caller
 * is asked for again each time, which costs little where it has not changed.
 */
function ofCaller(response: HttpResponse, known?: string | string[]): HttpResponse {
  const { kept } = response;
  if (kept === undefined) {
    return { ...response, headers: { "cache-control": "private, no-cache", ...response.headers } };
  }
  const isPublic = kept.scope === "public";
  const vary = response.headers["vary"] ?? "accept";
  const headers = {
    ...response.headers,
    "cache-control": isPublic ? `public, max-age=${kept.seconds}` : "private, no-cache",
    age: String(kept.age),
    // Weak, since the same JSON may be compressed or not.
    etag: `W/"${kept.tag}"`,
    vary: isPublic ? vary : `${vary}, authorization, cookie`,
  };
  if (
    !String(known ?? "")
      .match(/[^\s,]+/g)
      ?.some((tag) => tag === headers.etag || tag === "*")
  ) {
    return { ...response, headers };
  }
  return { status: 304, headers, body: Buffer.alloc(0) };
}

function notAllowed(message: string, allow: string, form: ResponseForm | null): HttpResponse {
  const response = errorResponse(new PuffError("PUFF_METHOD_NOT_ALLOWED", message), form ?? "json");
  return { ...response, headers: { ...response.headers, allow } };
}

async function runOperation(
  { query, id, operationName, variables, extensions }: RequestParameters,
  isGet: boolean,
  { form, events, parts }: { readonly form: ResponseForm } & Pick<Preference, "events" | "parts">,
  request: HttpRequest,
  endpoint: Endpoint,
  abort: AbortController,
): Promise<HttpResponse> {
  const document = endpoint.documents.find({ query, id, extensions });
  const prepared = endpoint.planner.prepare(document.query, operationName);
  if (prepared.kind === "refused") {
    return convert(prepared.response, form);
  }
  const { operation } = prepared;
  if (operation.type === "mutation" && isGet) {
    return notAllowed("a mutation can't be sent by GET: use POST", "POST", form);
  }
  const isSubscription = operation.type === "subscription";
  if (isSubscription && request.method === "HEAD") {
    return notAllowed("a subscription can't be requested by HEAD", "GET, POST", form);
  }
  if (isSubscription && events === "refused" && !parts) {
    throw new PuffError(
      "PUFF_NOT_ACCEPTABLE",
      "a subscription needs a WebSocket, or text/event-stream in the Accept header",
    );
  }
  const caller = new HttpCaller(request.headers);
  if ((isSubscription || events === "first") && request.method !== "HEAD") {
    const streamForm = isSubscription && parts ? partForm : eventForm;
    const answer = await openEventStream(operation, variables, caller, endpoint, abort, streamForm);
    if (answer.kind === "stream") {
      document.keep();
      return answer.response;
    }
    return convert(answer.response, form);
  }
  const options = { signal: abort.signal, stream: request.method !== "HEAD" };
  return await withDeadline(endpoint.deadline, abort, form, async () => {
    const response = await endpoint.planner.execute(operation, variables, caller, options);
    if (response.executed) {
      document.keep(); // not before: nobody whom Schema.auth refuses may fill the store
    }
    return convert(response, form);
  });
}

/** Answers at the deadline even where what runs does not heed the signal; a rest that is under way then breaks off. */
export function withDeadline(
  deadline: number,
  abort: AbortController,
  form: ResponseForm,
  run: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const timer = startDeadline(deadline, () => {
      const error = new PuffError("PUFF_REQUEST_DEADLINE", `the request took longer than ${deadline / 1000} s`);
      abort.abort(error);
      resolve(errorResponse(error, form));
    });
    const settle = () => clearTimeout(timer);
    run().then(
      (response) => {
        const { rest } = response;
        if (rest) {
          resolve({ ...response, rest: finishing(rest, settle) });
        } else {
          settle();
          resolve(response);
        }
      },
      (error) => {
        settle();
        reject(error);
      },
    );
  });
}

async function* finishing(parts: AsyncIterable<Buffer>, end: () => void): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* parts;
  } finally {
    end();
  }
}

function convert(response: OperationResponse, form: ResponseForm): HttpResponse {
  // In application/json a client trusts a response as GraphQL's by its 200 alone, so whatever is wrong with the
  // document or the variables has it too. Refusals (401, 403) and faults of the server keep their status in both.
  let { status } = response;
  if (status !== 200 && response.executed ? !isDataNull(response.body) : form === "json" && status === 400) {
    status = 200;
  }
  let headers = headersOf(form);
  for (const _ in response.headers) {
    headers = { ...headers, ...response.headers };
    break;
  }
  const { body, rest, code, release, kept } = response;
  if (release !== undefined) {
    return { status, headers, body, rest, release };
  }
  const converted = code === undefined ? { status, headers, body, rest } : { status, headers, body, rest, code };
  return kept === undefined ? converted : { ...converted, kept };
}

/** What has data, even in part, is a success whatever went wrong beside it. */
function isDataNull(body: Buffer): boolean {
  return body.toString("latin1", 0, dataNull.length) === dataNull;
}

const dataNull = '{"data":null';

/** Reads the headers only when asked: most operations never do. */
export class HttpCaller implements Caller {
  readonly #headers: RequestHeaders;

  constructor(headers: RequestHeaders) {
    this.#headers = headers;
  }

  get headers(): { readonly [name: string]: string } {
    const entries: [string, string][] = [];
    for (const [name, value] of Object.entries(this.#headers)) {
      if (value !== undefined) {
        entries.push([name, typeof value === "string" ? value : value.join(", ")]);
      }
    }
    return Object.fromEntries(entries);
  }

  get authToken(): string | null {
    return /^Bearer +(\S+) *$/i.exec(this.#headers.authorization ?? "")?.[1] ?? null;
  }
}
