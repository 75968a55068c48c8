/** Which form an answer takes: what the Accept header prefers among those the GraphQL URL can give. */
import { LRUCache } from "lru-cache";
import Negotiator from "negotiator";
import type { ResponseForm } from "../messages/message.ts";

export interface Preference {
  /** Whether HTML comes before either of the forms: a browser that opens the URL as a page. */
  readonly page: boolean;
  /** The better form; null where neither is accepted. */
  readonly form: ResponseForm | null;
  /** Whether an event stream is taken, and whether rather than either form. */
  readonly events: "first" | "taken" | "refused";
}

/**
 * Chooses by q-values and specificity, then by the order in the header. No header and wildcards mean
 * `application/json`, which every client reads.
 *
 * @example negotiate("application/json;q=0.9, application/graphql-response+json").form; // "graphql"
 */
export function negotiate(accept: string | undefined): Preference {
  if (accept === "application/json") {
    return plainJson;
  }
  if (accept === undefined || accept === "*/*") {
    return anything;
  }
  const known = remembered.get(accept);
  if (known !== undefined) {
    return known;
  }
  const best = new Negotiator({ headers: { accept } }).mediaTypes([json, graphql, html, stream]);
  const first = best.find((type) => type === json || type === graphql);
  const form = first === undefined ? null : first === graphql ? "graphql" : "json";
  const events = best[0] === stream ? "first" : best.includes(stream) ? "taken" : "refused";
  const preference: Preference = { page: best[0] === html, form, events };
  if (accept.length <= 256) {
    remembered.set(accept, preference);
  }
  return preference;
}

const plainJson: Preference = { page: false, form: "json", events: "refused" };
const anything: Preference = { page: false, form: "json", events: "taken" };

// With the charset, since `Accept: application/json; charset=utf-8` matches only a type that has it.
const json = "application/json;charset=utf-8";
const graphql = "application/graphql-response+json;charset=utf-8";
const stream = "text/event-stream;charset=utf-8";
const html = "text/html;charset=utf-8";

// A client sends the same header each time: parsing it costs more than the rest of the handler.
const remembered = new LRUCache<string, Preference>({ max: 200 });
