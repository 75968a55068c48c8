import { GraphQLError } from "graphql";
import { PuffError } from "../schema/index.ts";
import type {
  Authenticated,
  OperationResponse,
  Planner,
  PlannerOptions,
  Prepared,
  Subscribed,
} from "./contract/planner.ts";
import { Catalogue } from "./database/catalogue.ts";
import { Descriptions } from "./database/descriptions.ts";
import { Fuser } from "./fuse/fuse.ts";
import { Narrower } from "./fuse/narrow.ts";
import { Equality } from "./layers/equality.ts";
import { type Kept, openPython, openRequest } from "./open-request.ts";
import { Documents } from "./operation/documents.ts";
import { AccessDenied } from "./resolve/access-denied.ts";
import { Traces } from "./resolve/traces.ts";
import { Subscriptions } from "./subscribe/subscriptions.ts";
import { internalError, refuse } from "./write/response.ts";

/**
 * Makes the planner of one schema: documents in, response bytes out.
 *
 * @example
 * const prepared = planner.prepare("{ posts { id } }", null);
 * if (prepared.kind === "operation") {
 *   const { body } = await planner.execute(prepared.operation, {}, caller, { signal });
 * }
 */
export function createPlanner(options: PlannerOptions): Planner {
  const documents = new Documents(options);
  const descriptions = new Descriptions();
  const kept: Kept = {
    fuser: options.fuse ? new Fuser(descriptions) : null,
    narrower: options.fuse ? new Narrower(descriptions) : null,
    traces: new Traces(),
    catalogue: new Catalogue(),
    equality: new Equality(),
  };
  const subscriptions = new Subscriptions(options);
  return {
    schema: options.schema.schema,
    prepare(query, operationName): Prepared {
      try {
        return { kind: "operation", operation: documents.find(query, operationName) };
      } catch (error) {
        const errors: readonly unknown[] = Array.isArray(error) ? error : [error];
        return { kind: "refused", response: refuse(errors, "PUFF_DOCUMENT_INVALID", options) };
      }
    },
    async authenticate(caller, signal): Promise<Authenticated> {
      try {
        const python = openPython(options, kept, caller, { signal, observe: undefined });
        const { identity, expires } = await orAborted(signal, python.authenticate());
        const { headers, authToken } = caller;
        return { kind: "caller", caller: { headers, authToken, identity }, expires };
      } catch (error) {
        return { kind: "refused", response: refuseThrown(error, options, signal) };
      }
    },
    async execute(operation, variables, caller, executeOptions): Promise<OperationResponse> {
      try {
        const request = openRequest(options, kept, operation, variables, caller, executeOptions);
        const opened = request instanceof Promise ? await orAborted(executeOptions.signal, request) : request;
        return await orAborted(executeOptions.signal, opened.run());
      } catch (error) {
        return refuseThrown(error, options, executeOptions.signal);
      }
    },
    async subscribe(operation, variables, caller, subscribeOptions): Promise<Subscribed> {
      const { signal } = subscribeOptions;
      try {
        const request = openRequest(options, kept, operation, variables, caller, { signal });
        const opened = request instanceof Promise ? await orAborted(signal, request) : request;
        const answers = await orAborted(signal, opened.subscribe(subscriptions, subscribeOptions));
        return { kind: "stream", answers };
      } catch (error) {
        return { kind: "refused", response: refuseThrown(error, options, signal) };
      }
    },
  };
}

/** Answered when nobody waits for the answer any more: no failure of the gateway's, which would be logged. */
export const clientGone = new PuffError("PUFF_REQUEST_INVALID", "the client left before its answer");

function refuseThrown(error: unknown, options: PlannerOptions, signal: AbortSignal): OperationResponse {
  const known = error instanceof PuffError || error instanceof AccessDenied || error instanceof GraphQLError;
  const isGone = !known && signal.aborted && error === signal.reason;
  const errors: readonly unknown[] = Array.isArray(error)
    ? error
    : [known ? error : isGone ? clientGone : internalError(error)];
  return refuse(errors, "PUFF_VARIABLES_INVALID", options); // graphql-js refuses nothing else by now
}

/** What `work` comes to, unless the signal is aborted before. */
function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const settle = () => signal.removeEventListener("abort", abort);
    work.then(
      (result) => {
        settle();
        resolve(result);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
  });
}
