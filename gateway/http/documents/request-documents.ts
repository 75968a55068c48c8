/**
 * Which document a request stands for. Trusted documents have ids of a manifest. Automatic persisted queries: a client sends
 * the hash of a document's text, and the text itself only where the gateway does not know it. Codes and statuses are those
 * that Apollo's clients try again at.
 *
 * @see https://www.apollographql.com/docs/apollo-server/performance/apq
 */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { PuffError } from "../../../schema/index.ts";
import type { TrustedDocuments } from "../../documents/trusted-documents.ts";

/** What names the document of a request. */
export interface AskedDocument {
  /** Its text; null if the request has none. */
  readonly query: string | null;
  /** Of a trusted document, as GraphQL over HTTP and Relay name it; null: none. */
  readonly id?: string | null;
  readonly extensions: { readonly [name: string]: unknown };
}

export interface FoundDocument {
  readonly query: string;
  /** Keeps the text for those who send its hash alone. To be called once the operation ran for somebody. */
  keep(): void;
}

/** What {@link RequestDocuments} is made of. */
export interface RequestDocumentsOptions {
  /** Bytes of the texts that are kept by their hash; null: none is, and clients are told to send texts. */
  readonly persistedBytes: number | null;
  /** Asked at each request, since a reload swaps them. Default: there are none. */
  trusted?(): TrustedDocuments | null;
}

/** The documents that clients may name rather than send: those of a manifest, and those that they sent before. */
export class RequestDocuments {
  /** Null: hashes are not served. */
  readonly #texts: LRUCache<string, string> | null;
  readonly #trusted: () => TrustedDocuments | null;

  /**
   * @example
   * const documents = new RequestDocuments({ persistedBytes: 1_000_000 });
   * const { query } = documents.find({ query: null, extensions: { persistedQuery: { version: 1, sha256Hash } } });
   */
  constructor({ persistedBytes: bytes, trusted = () => null }: RequestDocumentsOptions) {
    this.#trusted = trusted;
    this.#texts =
      bytes === null
        ? null
        : new LRUCache({ maxSize: bytes, sizeCalculation: (text) => BYTES_PER_TEXT + 2 * text.length });
  }

  /**
   * The text of the document that a request names.
   *
   * @throws PuffError `PERSISTED_QUERY_NOT_FOUND`, `PERSISTED_QUERY_NOT_SUPPORTED`, `PUFF_DOCUMENT_NOT_TRUSTED`;
   * `PUFF_REQUEST_INVALID`: there is neither text nor hash, or they do not belong together.
   */
  find({ query, id = null, extensions }: AskedDocument): FoundDocument {
    const given = extensions["persistedQuery"] ?? null;
    // A client of the WebSocket protocol has to send a text: with a hash, it is empty.
    const text = query === "" && (given !== null || id !== null) ? null : query;
    const trusted = this.#trusted();
    if (trusted !== null) {
      const known = text ?? trusted.textOf(id ?? idIn(given) ?? "") ?? null;
      if (known !== null && (text === null || trusted.only) && trusted.has(known)) {
        return { query: known, keep: nothing };
      }
      if (trusted.only || (known === null && given === null && id !== null)) {
        throw notTrusted(text, id ?? idIn(given));
      }
    }
    return this.#findPersisted(text, given);
  }

  #findPersisted(text: string | null, given: unknown): FoundDocument {
    if (given === null) {
      return { query: text ?? missing(), keep: nothing };
    }
    const texts = this.#texts;
    if (texts === null) {
      if (text === null) {
        throw new PuffError("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported");
      }
      return { query: text, keep: nothing };
    }
    const wanted = readHash(given);
    if (text === null) {
      const known = texts.get(wanted);
      if (known === undefined) {
        throw new PuffError("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
      }
      return { query: known, keep: nothing };
    }
    if (hash("sha256", text, "hex") !== wanted) {
      throw invalid('"sha256Hash" in "extensions.persistedQuery" is not the SHA-256 of "query"');
    }
    return { query: text, keep: () => void texts.set(wanted, text) };
  }
}

/** What is kept beside a text, about: its hash, and its place in the list. */
const BYTES_PER_TEXT = 300;

const nothing = () => undefined;

/** Of a trusted document: it need not be a hash. */
function idIn(persistedQuery: unknown): string | null {
  const given =
    typeof persistedQuery === "object" && persistedQuery !== null
      ? { ...noHash, ...persistedQuery }.sha256Hash
      : persistedQuery;
  return typeof given === "string" ? given : null;
}

function notTrusted(text: string | null, id: string | null): PuffError {
  if (text === null && id === null) {
    return missing();
  }
  return new PuffError(
    "PUFF_DOCUMENT_NOT_TRUSTED",
    text === null ? `no trusted document has the id ${JSON.stringify(id)}` : "the document is not a trusted one",
  );
}

function missing(): never {
  throw invalid('"query" is missing: it holds the text of the GraphQL document');
}

function readHash(given: unknown): string {
  const { version, sha256Hash } = typeof given === "object" && given !== null ? { ...noHash, ...given } : noHash;
  if (version !== 1 || typeof sha256Hash !== "string" || !/^[0-9a-f]{64}$/.test(sha256Hash)) {
    throw invalid(
      '"extensions.persistedQuery" must have "version" 1 and "sha256Hash", the SHA-256 of the text in hexadecimal digits',
    );
  }
  return sha256Hash;
}

const noHash: { readonly version?: unknown; readonly sha256Hash?: unknown } = {};

function invalid(message: string): PuffError {
  return new PuffError("PUFF_REQUEST_INVALID", message);
}
