import { expect, test } from "vitest";
import { rowSetOf } from "../../tests/support/planner/rows.ts";
import { borrow, giveBack } from "./memory.ts";
import { RowSet } from "./rows.ts";

const columns = [
  { name: "tag", oid: 23 },
  { name: "text", oid: 25 },
];
const textOf = (index: number) => `${index}:`.padEnd(index % 7 === 0 ? 300_000 : index * 11, "x");
const sent = Array.from({ length: 100 }, (_, index) => [String(index % 3), textOf(index)]);

function read(rows: RowSet, order: readonly number[] = [...Array(rows.count).keys()]): string[] {
  return order.map((row) => {
    rows.seek(row);
    return rows.text(1);
  });
}

test("rows of several blocks are found in any order", () => {
  const rows = rowSetOf(columns, sent);
  const backwards = [...sent.keys()].reverse();
  expect(read(rows)).toEqual(sent.map(([, text]) => text));
  expect(read(rows, backwards)).toEqual(backwards.map(textOf));
});

test("rows that are read while others are still to come are found, and those that came since", () => {
  const rows = rowSetOf(columns, [["0", "a"]]);
  expect(read(rows)).toEqual(["a"]);
  const more = rowSetOf(columns, [["0", "b"]]);
  more.seek(0);
  const { bytes } = more.chunk;
  rows.add(bytes, 0, more.size, 1);
  expect(read(rows)).toEqual(["a", "b"]);
});

test("each set has the rows of its tag, of whichever blocks they are", () => {
  const rows = rowSetOf(columns, sent);
  const sets = [0, 1, 2, 3].map(() => new RowSet(columns));
  rows.distribute(sets);
  for (const [tag, set] of sets.entries()) {
    expect(read(set)).toEqual(sent.filter(([of]) => of === String(tag)).map(([, text]) => text));
  }
});

test("rows of several blocks are joined, unless somebody has looked at them", () => {
  const rows = rowSetOf(columns, sent);
  const joined = rows.joined();
  expect(joined?.end).toBe(rows.size);
  expect(read(rows)).toEqual(sent.map(([, text]) => text));
  expect(rows.joined()).toEqual(joined);
  const looked = rowSetOf(columns, sent);
  looked.seek(0);
  expect(looked.joined()).toBeNull();
  expect(read(looked)).toEqual(sent.map(([, text]) => text));
});

test("rows that were given back can't be read, nor those that were distributed", () => {
  const rows = rowSetOf(columns, sent);
  const sets = [0, 1, 2].map(() => new RowSet(columns));
  rows.distribute(sets);
  rows.seek(0);
  rows.release();
  for (const set of [rows, ...sets]) {
    expect(set.count).toBe(0);
    expect(() => set.seek(0)).toThrow(RangeError);
    expect(set.chunk.bytes).toHaveLength(0);
  }
});

test("memory that was given back is used again, by one at a time", () => {
  const [one, other] = [borrow(5_000), borrow(5_000)];
  expect(one).not.toBe(other);
  expect(one.bytes.length).toBeGreaterThanOrEqual(5_000);
  giveBack(one);
  const again = borrow(6_000);
  expect(again).toBe(one);
  expect(borrow(6_000)).not.toBe(one);
});

test.each([0, 1, 4_096, 4_097, 2_097_152, 2_097_153, 5_000_000])("%i bytes have room", (size) => {
  const memory = borrow(size);
  expect(memory.bytes.length).toBeGreaterThanOrEqual(size);
  giveBack(memory);
  expect(borrow(size).bytes.length).toBeGreaterThanOrEqual(size);
});
