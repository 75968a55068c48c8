/** How Postgres's types are put together: which are arrays, of what, and which attributes a composite type has. */
import { OID } from "./types.ts";

export interface PgType {
  /** In pg_type. A domain is the type that it is over. */
  readonly oid: number;
  /** The type of an array's items; null where it is no array. */
  readonly element: PgType | null;
  /** What stands between an array's items. */
  readonly delimiter: string;
  /** Of a composite type, in their order; null for all others. */
  readonly attributes: readonly Attribute[] | null;
}

export interface Attribute {
  readonly name: string;
  readonly type: PgType;
}

/** A type that is read as a whole. */
export function scalarType(oid: number): PgType {
  return { oid, element: null, delimiter: ",", attributes: null };
}

export function arrayType(oid: number, element: PgType, delimiter: string): PgType {
  return { oid, element, delimiter, attributes: null };
}

export function compositeType(oid: number, attributes: readonly Attribute[]): PgType {
  return { oid, element: null, delimiter: ",", attributes };
}

/** Whether it is a composite type, or arrays of one: its parts may be altered. */
export function holdsAttributes({ element, attributes }: PgType): boolean {
  return attributes !== null || (element !== null && holdsAttributes(element));
}

/** Of the types that every Postgres has, the OID of each and of its array (pg_type.dat of the Postgres source). */
const known: readonly (readonly [oid: number, array: number])[] = [
  ...([
    [16, 1000],
    [17, 1001],
    [18, 1002],
    [19, 1003],
    [20, 1016],
    [21, 1005],
    [22, 1006],
    [23, 1007],
  ] as const),
  ...([
    [24, 1008],
    [25, 1009],
    [26, 1028],
    [27, 1010],
    [28, 1011],
    [29, 1012],
    [30, 1013],
    [114, 199],
  ] as const),
  ...([
    [142, 143],
    [600, 1017],
    [601, 1018],
    [602, 1019],
    [603, 1020],
    [604, 1027],
    [628, 629],
    [650, 651],
  ] as const),
  ...([
    [700, 1021],
    [701, 1022],
    [718, 719],
    [774, 775],
    [790, 791],
    [829, 1040],
    [869, 1041],
  ] as const),
  ...([
    [1033, 1034],
    [1042, 1014],
    [1043, 1015],
    [1082, 1182],
    [1083, 1183],
    [1114, 1115],
    [1184, 1185],
  ] as const),
  ...([
    [1186, 1187],
    [1266, 1270],
    [1560, 1561],
    [1562, 1563],
    [1700, 1231],
    [1790, 2201],
    [2202, 2207],
  ] as const),
  ...([
    [2203, 2208],
    [2204, 2209],
    [2205, 2210],
    [2206, 2211],
    [2249, 2287],
    [2275, 1263],
    [2950, 2951],
  ] as const),
  ...([
    [2970, 2949],
    [3220, 3221],
    [3614, 3643],
    [3615, 3645],
    [3642, 3644],
    [3734, 3735],
    [3769, 3770],
  ] as const),
  ...([
    [3802, 3807],
    [3904, 3905],
    [3906, 3907],
    [3908, 3909],
    [3910, 3911],
    [3912, 3913],
    [3926, 3927],
  ] as const),
  ...([
    [4072, 4073],
    [4089, 4090],
    [4096, 4097],
    [4191, 4192],
    [4451, 6150],
    [4532, 6151],
    [4533, 6152],
  ] as const),
  ...([
    [4534, 6153],
    [4535, 6155],
    [4536, 6157],
    [5038, 5039],
    [5069, 271],
  ] as const),
];

const unknownLiteral = 705;
const voidType = 2278;
/** The one built-in type whose texts hold commas. */
const box = 603;

const builtIn: ReadonlyMap<number, PgType> = new Map(
  [
    scalarType(unknownLiteral),
    scalarType(voidType),
    ...known.flatMap(([oid, array]) => {
      const type = scalarType(oid);
      return [type, arrayType(array, type, oid === box ? ";" : ",")];
    }),
  ].map((type) => [type.oid, type]),
);

/** Undefined for a type that a database may have or not. */
export function builtInType(oid: number): PgType | undefined {
  return builtIn.get(oid);
}

/** A value in Postgres's text format beside its type, not yet decoded. */
export class Typed {
  readonly type: PgType;
  readonly text: string;

  constructor(type: PgType, text: string) {
    this.type = type;
    this.text = text;
  }

  get oid(): number {
    return this.type.oid;
  }

  get isJson(): boolean {
    return this.type.oid === OID.json || this.type.oid === OID.jsonb;
  }
}
