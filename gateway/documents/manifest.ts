/** Manifests of trusted documents: the ids that clients send, and the text that each stands for. */
import { readFile } from "node:fs/promises";
import { PuffError } from "../../schema/index.ts";

/** Texts by id. */
export type Manifest = ReadonlyMap<string, string>;

/**
 * Reads a manifest of Relay's compiler or graphql-codegen's client preset, `{"id": "text"}`, or of Apollo,
 * `{"format": "apollo-persisted-query-manifest", "operations": [{"id", "body", …}]}`.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID`: there is no such file, or it is not a manifest.
 * @example (await readManifest("persisted_queries.json")).get("3be4abb81fa595e25eb725b2c6a87508"); // "query Posts { … }"
 */
export async function readManifest(file: string): Promise<Manifest> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const reason = error instanceof SyntaxError ? `it is not JSON: ${error.message}` : "it can't be read";
    throw invalid(file, `the manifest of trusted documents is of no use: ${reason}`, error);
  }
  return parseManifest(content, file);
}

/** @throws PuffError `PUFF_CONFIG_INVALID` */
function parseManifest(content: unknown, file: string): Manifest {
  if (!isObject(content)) {
    throw invalid(file, "a manifest of trusted documents is a JSON object");
  }
  const { format, version, operations } = content;
  if (!Array.isArray(operations)) {
    return checkTexts(Object.entries(content), file);
  }
  if (format !== "apollo-persisted-query-manifest" || version !== 1) {
    throw invalid(file, `the manifest has format ${JSON.stringify(format)}, version ${JSON.stringify(version)}`);
  }
  const items: readonly unknown[] = operations;
  return checkTexts(
    items.map((item) => (isObject(item) ? [item["id"], item["body"]] : [null, null])),
    file,
  );
}

function checkTexts(entries: readonly (readonly unknown[])[], file: string): Manifest {
  const texts = new Map<string, string>();
  for (const [index, [id, text]] of entries.entries()) {
    if (typeof id !== "string" || typeof text !== "string") {
      const which = typeof id === "string" ? `"${id}"` : `number ${index + 1}`;
      throw invalid(file, `document ${which} of the manifest has no ${typeof id === "string" ? "text" : "id"}`);
    }
    if (texts.has(id) && texts.get(id) !== text) {
      throw invalid(file, `two documents of the manifest have the id "${id}"`);
    }
    texts.set(id, text);
  }
  return texts;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(place: string, message: string, cause?: unknown): PuffError {
  return new PuffError("PUFF_CONFIG_INVALID", message, {
    place,
    remedy:
      "Make one: puff-gateway documents build 'src/**/*.graphql'; those of Relay, graphql-codegen and Apollo do, too.",
    cause,
  });
}
