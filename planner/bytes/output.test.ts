import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toChunk } from "./chunk.ts";
import { Output } from "./output.ts";

/** Beside each other, and beside bytes that differ from them in one bit. */
const manyEscapes = fc.string({
  unit: fc.constantFrom('"', "\\", "\n", "\0", "\u001f", " ", "!", "#", "[", "\u007f", "é", "a"),
});

describe("an output", () => {
  it("escapes any text as JSON.stringify does, but for what JSON lets stand", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), manyEscapes), fc.nat(5), (value, offset) => {
        const text = value.toWellFormed();
        const source = toChunk(Buffer.from("x".repeat(offset) + text));
        const out = new Output(0);
        out.text(source, offset, source.bytes.length);
        expect(JSON.parse(out.finish().toString())).toBe(text);
      }),
    );
  });

  it("writes any bytes in base64url", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(5), (value, dropped) => {
        const source = new Output(0);
        source.string(value);
        const mark = source.length;
        source.string("x".repeat(dropped)); // which it still holds behind its end
        source.truncate(mark);
        const out = new Output(0);
        out.base64url(source);
        expect(out.finish().toString()).toBe(JSON.stringify(Buffer.from(value).toString("base64url")));
      }),
    );
  });

  it("keeps what came before a truncated part", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (kept, dropped) => {
        const out = new Output(0);
        for (const text of kept) {
          out.string(text);
        }
        const mark = out.length;
        for (const text of dropped) {
          out.string(text);
        }
        out.truncate(mark);
        out.null();
        expect(out.finish().toString()).toBe(Buffer.from(`${kept.join("")}null`).toString());
      }),
    );
  });

  it.each([0, 1, 47, 48, 49, 255, 256, 257, 5000])("copies %i bytes whatever its first size", (length) => {
    const source = toChunk(Buffer.alloc(length, "ab"));
    const out = new Output(0);
    out.quoted(source, 0, length);
    out.text(source, 0, length);
    expect(out.finish().toString()).toBe(`"${source.bytes}""${source.bytes}"`);
  });
});
