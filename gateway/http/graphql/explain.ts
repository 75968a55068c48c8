/** The endpoint behind the tab beside GraphiQL: an operation in, what it took out. */
import type { Caller } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import type { ExplainRequest } from "../../explain/explain.ts";
import type { ExplainAnswer, OperationExplanation } from "../../explain/explanation.ts";
import type { RequestDocuments } from "../documents/request-documents.ts";
import { errorResponse } from "../messages/error-response.ts";
import type { HttpRequest, HttpResponse } from "../messages/message.ts";
import { HttpCaller, withDeadline } from "./handler.ts";
import { readBodyParameters } from "./parameters.ts";

/** Explains an operation; fails with a PuffError. */
export type Explain = (request: ExplainRequest, caller: Caller, signal: AbortSignal) => Promise<OperationExplanation>;

/**
 * Takes the JSON body of a GraphQL request. A mutation runs only where the URL says `?allow=mutation`.
 *
 * @example await handleExplain({ method: "POST", search: "", headers, body }, explain, documents, 30_000, new AbortController());
 */
export async function handleExplain(
  request: HttpRequest,
  explain: Explain,
  documents: RequestDocuments,
  deadline: number,
  abort: AbortController,
): Promise<HttpResponse> {
  try {
    const { query, id, operationName, variables, extensions } = readBodyParameters(request);
    const document = documents.find({ query, id, extensions });
    const allowMutation = new URLSearchParams(request.search).get("allow") === "mutation";
    const caller = new HttpCaller(request.headers);
    return await withDeadline(deadline, abort, "json", async () => {
      const { body, ...explanation } = await explain(
        { query: document.query, operationName, variables, allowMutation },
        caller,
        abort.signal,
      );
      return toResponse({ ...explanation, answer: { bytes: body.length, errors: readErrors(body) } });
    });
  } catch (error) {
    if (error instanceof PuffError) {
      // A caller who may explain sees everything else, too.
      const { code, message, status, extensions } = error;
      return errorResponse(new PuffError(code, message, { safe: true, extensions }), "json", status);
    }
    throw error;
  }
}

function toResponse(answer: ExplainAnswer): HttpResponse {
  return {
    status: 200,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
    body: Buffer.from(JSON.stringify(answer)),
  };
}

function readErrors(body: Buffer): string[] {
  // Written by the planner: the form is GraphQL's own.
  const { errors } = JSON.parse(body.toString("utf8")) as { errors?: { message: string }[] };
  return (errors ?? []).map(({ message }) => message);
}
