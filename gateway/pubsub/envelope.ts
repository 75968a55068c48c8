/**
 * How a message says who sent it, where a sender has an id: a prefix that no JSON and no text begins with, the id's
 * length in bytes, and the id. Messages without one are as they were published, by whomever.
 */
const mark = Buffer.from("\0puff\0");
const start = mark.length + 4;

/** @example seal("3f…", Buffer.from("hello")); // \0puff\0, 36 in four bytes, 3f…hello */
export function seal(sender: string | null, data: Buffer): Buffer {
  if (sender === null && !hasMark(data)) {
    return data;
  }
  const id = Buffer.from(sender ?? "");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(id.length);
  return Buffer.concat([mark, length, id, data]);
}

export function unseal(bytes: Buffer): { readonly sender: string | null; readonly data: Buffer } {
  if (!hasMark(bytes) || bytes.length < start) {
    return { sender: null, data: bytes };
  }
  const end = start + bytes.readUInt32BE(mark.length);
  return { sender: bytes.toString("utf8", start, end) || null, data: bytes.subarray(end) };
}

function hasMark(bytes: Buffer): boolean {
  return bytes.subarray(0, mark.length).equals(mark);
}
