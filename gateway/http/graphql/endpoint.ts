/** What answers GraphQL at one URL. */
import type { Planner } from "../../../planner/index.ts";
import type { RequestDocuments } from "../documents/request-documents.ts";
import type { Origins } from "../guard/origins.ts";
import type { HttpResponse } from "../messages/message.ts";
import type { Subscribers } from "../sockets/subscribers.ts";

/** What answers at one URL. */
export interface Endpoint {
  readonly planner: Planner;
  readonly documents: RequestDocuments;
  /** GraphiQL's page, for a browser that opens the URL; null: none. */
  readonly page: HttpResponse | null;
  /** Milliseconds that an operation may take. */
  readonly deadline: number;
  /** Pages that may call it from a browser. */
  readonly origins: Origins;
  /** Event streams are counted among them. */
  readonly subscribers: Subscribers;
  /** Bytes of answers that may wait for the client of an event stream. */
  readonly queueLimit: number;
  /** Tells the operator of a failure that clients do not see. */
  report(error: unknown): void;
}
