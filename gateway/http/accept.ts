/** Which form an answer takes: what the Accept header prefers among those the GraphQL URL can give. */
import { LRUCache } from "lru-cache";
import Negotiator from "negotiator";

/** `html` is GraphiQL's page; the other two are GraphQL responses. */
export type ResponseForm = "json" | "graphql" | "html";

/**
 * Chooses by q-values and specificity, then by the order in the header. No header and wildcards mean
 * `application/json`, which every client reads.
 *
 * @returns null where the header accepts none of them.
 * @example negotiate("application/json;q=0.9, application/graphql-response+json"); // "graphql"
 */
export function negotiate(accept: string | undefined): ResponseForm | null {
  if (accept === undefined || accept === "*/*" || accept === "application/json") {
    return "json";
  }
  const known = remembered.get(accept);
  if (known !== undefined) {
    return known.form;
  }
  const [best] = new Negotiator({ headers: { accept } }).mediaTypes([...forms.keys()]);
  const form = (best === undefined ? undefined : forms.get(best)) ?? null;
  if (accept.length <= 256) {
    remembered.set(accept, { form });
  }
  return form;
}

// With the charset, since `Accept: application/json; charset=utf-8` matches only a type that has it.
const forms: ReadonlyMap<string, ResponseForm> = new Map([
  ["application/json;charset=utf-8", "json"],
  ["application/graphql-response+json;charset=utf-8", "graphql"],
  ["text/html;charset=utf-8", "html"],
]);

// A client sends the same header each time: parsing it costs more than the rest of the handler.
const remembered = new LRUCache<string, { readonly form: ResponseForm | null }>({ max: 200 });
