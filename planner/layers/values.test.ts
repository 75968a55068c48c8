import { expect, test } from "vitest";
import { OID } from "../types/oids.ts";
import { builtInType, Typed } from "../types/pg-types.ts";
import { commonOid } from "./values.ts";

function typed(oid: number, text: string): Typed {
  const type = builtInType(oid);
  if (type === undefined) {
    throw new TypeError(`${oid} is not built in`);
  }
  return new Typed(type, text);
}

test.each<[values: readonly unknown[], oid: number]>([
  [[1, 2, null], OID.int4],
  [[1, 2 ** 40], OID.int8],
  [[1, 2.5], OID.float8],
  [[2.5, typed(OID.float8, "NaN")], OID.float8],
  [[2 ** 40, 2.5], OID.numeric],
  [[1, 2.5, typed(OID.numeric, "9007199254740993")], OID.numeric],
  [[1, typed(OID.numeric, "1.00")], OID.numeric],
  [[1, true], 0],
  [[1, "1"], 0],
  [[typed(OID.uuid, "x"), 1], 0],
  [[null], 0],
  [[], 0],
])("%j are of the type %d", (values, oid) => {
  expect(commonOid(values)).toBe(oid);
});
