/**
 * Bytes to copy from. A DataView reads four of them at once, wherever they begin, and is made once for all that is copied
 * out of a chunk.
 */
export interface Chunk {
  readonly bytes: Buffer;
  readonly view: DataView;
}

export function toChunk(bytes: Buffer): Chunk {
  return { bytes, view: viewOf(bytes) };
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
