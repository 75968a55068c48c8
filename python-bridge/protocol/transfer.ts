/** Bytes on their way between threads. */

/**
 * The same bytes, each as the whole of an ArrayBuffer of its own: copies of those that are a part of one, which would
 * cross as a whole, and those in Node's pool can't be transferred.
 *
 * @throws TypeError for bytes that were given away before.
 */
export function wholeBuffers(buffers: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[] {
  return buffers.map((bytes) =>
    bytes.buffer instanceof ArrayBuffer && !bytes.buffer.detached && bytes.byteLength === bytes.buffer.byteLength
      ? (bytes as Uint8Array<ArrayBuffer>) // as just checked
      : new Uint8Array(bytes),
  );
}

/** What postMessage is to transfer of messages that carry such buffers. */
export function transferList(messages: readonly object[]): ArrayBuffer[] {
  const all = messages.flatMap((message) =>
    "buffers" in message ? (message.buffers as Uint8Array<ArrayBuffer>[]) : [],
  );
  // One buffer may be sent twice, and is transferred once.
  return [...new Set(all.map(({ buffer }) => buffer))];
}
