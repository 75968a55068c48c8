/** Which form an answer takes: what the Accept header prefers among those the GraphQL URL can give. */
import { LRUCache } from "lru-cache";
import Negotiator from "negotiator";
import type { ResponseForm } from "../messages/message.ts";

export interface Preference {
  /** Whether HTML comes before either of the forms: a browser that opens the URL as a page. */
  readonly page: boolean;
  /** The better form; null if neither is accepted. */
  readonly form: ResponseForm | null;
  /** Whether an event stream is taken, and whether rather than either form. */
  readonly events: "first" | "taken" | "refused";
  /** Whether a subscription's answers are taken as parts, as Apollo Client reads them, rather than as events. */
  readonly parts: boolean;
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
  // Any boundary will do, and what takes other kinds of parts does not know these.
  const header = namesParts.test(accept) ? accept.replace(/; *boundary=("[^"]*"|[^",;]*)/gi, "") : accept;
  const offered = [json, graphql, html, stream, ...(namesParts.test(accept) ? [parts] : [])];
  const best = new Negotiator({ headers: { accept: header } }).mediaTypes(offered);
  const first = best.find((type) => type === json || type === graphql);
  const form = first === undefined ? null : first === graphql ? "graphql" : "json";
  const events = best[0] === stream ? "first" : best.includes(stream) ? "taken" : "refused";
  const preference: Preference = {
    page: best[0] === html,
    form,
    events,
    parts: best.includes(parts) && (events === "refused" || best.indexOf(parts) < best.indexOf(stream)),
  };
  if (accept.length <= 256) {
    remembered.set(accept, preference);
  }
  return preference;
}

const plainJson: Preference = { page: false, form: "json", events: "refused", parts: false };
const anything: Preference = { page: false, form: "json", events: "taken", parts: false };

// With the charset, since `Accept: application/json; charset=utf-8` matches only a type that has it.
const json = "application/json;charset=utf-8";
const graphql = "application/graphql-response+json;charset=utf-8";
const stream = "text/event-stream;charset=utf-8";
const parts = "multipart/mixed;subscriptionSpec=1.0";
const namesParts = /subscriptionSpec="?1\.0/i;
const html = "text/html;charset=utf-8";

// A client sends the same header each time: parsing it costs more than the rest of the handler.
const remembered = new LRUCache<string, Preference>({ max: 200 });
