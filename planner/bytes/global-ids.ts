/** Global ids as Relay's servers write them: base64 of the object's type and its id. */

/** @example toGlobalId("Book", "5"); // "Qm9vazo1" */
export function toGlobalId(typeName: string, id: string): string {
  return Buffer.from(`${typeName}:${id}`).toString("base64");
}

/** The type and the id; null if a text is none. */
export function readGlobalId(text: string): readonly [typeName: string, id: string] | null {
  const decoded = Buffer.from(text, "base64").toString();
  const colon = decoded.indexOf(":");
  const isOne = colon > 0 && toGlobalId(decoded.slice(0, colon), decoded.slice(colon + 1)) === text;
  return isOne && !decoded.includes("\0") ? [decoded.slice(0, colon), decoded.slice(colon + 1)] : null;
}
