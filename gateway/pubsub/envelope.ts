/**
 * How a message says who sent it, where a sender has an id: a prefix that no JSON and no text begins with. Messages
 * without one are as they were published, by whomever.
 */
const mark = Buffer.from("\0puff\0");

/** @example seal("3f…", Buffer.from("hello")); // \0puff\x003f…\0hello */
export function seal(sender: string | null, data: Uint8Array): Buffer {
  return sender === null ? Buffer.from(data) : Buffer.concat([mark, Buffer.from(sender), mark.subarray(0, 1), data]);
}

export function unseal(bytes: Buffer): { readonly sender: string | null; readonly data: Buffer } {
  const end = bytes.subarray(0, mark.length).equals(mark) ? bytes.indexOf(0, mark.length) : -1;
  return end === -1
    ? { sender: null, data: bytes }
    : { sender: bytes.toString("utf8", mark.length, end), data: bytes.subarray(end + 1) };
}
