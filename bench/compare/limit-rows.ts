/** Rows for the limit server: kept by layer until the last has come. */
import { Answer, Fields } from "./limit-bytes.ts";
import type { Receiver } from "./limit-connection.ts";

export const close = Buffer.from("}");
export const comma = Buffer.from(",");
const commentId = Buffer.from('{"id":');
const commentBody = Buffer.from(',"body":');

/** Rows of several layers, by their tag: `layer, id, key, text`. */
export class LayeredRows implements Receiver {
  protected readonly answer: Answer;
  protected readonly buffers: Buffer[][];
  protected readonly offsets: number[][];
  protected readonly fields = new Fields();
  readonly #done: (body: Buffer) => void;

  constructor(done: (body: Buffer) => void, layers: number, size: number) {
    this.#done = done;
    this.answer = new Answer(size);
    this.buffers = Array.from({ length: layers }, () => []);
    this.offsets = Array.from({ length: layers }, () => []);
  }

  row(buffer: Buffer, offset: number): void {
    const layer = (buffer[offset + 6] as number) - 0x30; // one digit
    (this.buffers[layer] as Buffer[]).push(buffer);
    (this.offsets[layer] as number[]).push(offset);
  }

  end(): void {
    this.write();
    this.#done(this.answer.finish());
  }

  protected write(): void {}

  protected count(layer: number): number {
    return (this.buffers[layer] as Buffer[]).length;
  }

  protected seek(layer: number, row: number): void {
    this.fields.read(
      (this.buffers[layer] as Buffer[])[row] as Buffer,
      (this.offsets[layer] as number[])[row] as number,
    );
  }

  protected copy(field: number): void {
    this.answer.copy(this.fields.buffer, this.fields.starts[field] as number, this.fields.ends[field] as number);
  }

  protected text(field: number): void {
    this.answer.text(this.fields.buffer, this.fields.starts[field] as number, this.fields.ends[field] as number);
  }

  /** The row of each value of a field. */
  protected index(layer: number, field: number): Map<number, number> {
    const rows = new Map<number, number>();
    for (let row = 0; row < this.count(layer); row++) {
      this.seek(layer, row);
      rows.set(this.fields.integer(field), row);
    }
    return rows;
  }

  /** The rows of each value of a field. */
  protected group(layer: number, field: number): Map<number, number[]> {
    const groups = new Map<number, number[]>();
    for (let row = 0; row < this.count(layer); row++) {
      this.seek(layer, row);
      const key = this.fields.integer(field);
      const group = groups.get(key);
      if (group === undefined) {
        groups.set(key, [row]);
      } else {
        group.push(row);
      }
    }
    return groups;
  }

  /** Items `{"id":…,"body":…}` of rows `layer, id, key, body`. */
  protected comments(layer: number, rows: readonly number[]): void {
    const { answer } = this;
    for (let at = 0; at < rows.length; at++) {
      this.seek(layer, rows[at] as number);
      if (at > 0) {
        answer.constant(comma);
      }
      answer.constant(commentId);
      this.copy(1);
      answer.constant(commentBody);
      this.text(3);
      answer.constant(close);
    }
  }
}
