/** How Postgres's types are put together: which are arrays, of what, and which attributes a composite type has. */
import { arrayOids, isJsonOid } from "./oids.ts";

export interface PgType {
  /** In pg_type. A domain is the type that it is over. */
  readonly oid: number;
  /** The type of an array's items; null if it is not an array. */
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

/** The other types that every Postgres has, and their arrays (pg_type.dat of the Postgres source). */
const otherArrays: readonly (readonly [oid: number, array: number])[] = [
  [22, 1006], // int2vector
  [24, 1008], // regproc
  [27, 1010], // tid
  [28, 1011], // xid
  [29, 1012], // cid
  [30, 1013], // oidvector
  [142, 143], // xml
  [600, 1017], // point
  [601, 1018], // lseg
  [602, 1019], // path
  [603, 1020], // box
  [604, 1027], // polygon
  [628, 629], // line
  [718, 719], // circle
  [774, 775], // macaddr8
  [790, 791], // money
  [829, 1040], // macaddr
  [1033, 1034], // aclitem
  [1560, 1561], // bit
  [1562, 1563], // varbit
  [1790, 2201], // refcursor
  [2202, 2207], // regprocedure
  [2203, 2208], // regoper
  [2204, 2209], // regoperator
  [2205, 2210], // regclass
  [2206, 2211], // regtype
  [2249, 2287], // record
  [2275, 1263], // cstring
  [2970, 2949], // txid_snapshot
  [3220, 3221], // pg_lsn
  [3614, 3643], // tsvector
  [3615, 3645], // tsquery
  [3642, 3644], // gtsvector
  [3734, 3735], // regconfig
  [3769, 3770], // regdictionary
  [3904, 3905], // int4range
  [3906, 3907], // numrange
  [3908, 3909], // tsrange
  [3910, 3911], // tstzrange
  [3912, 3913], // daterange
  [3926, 3927], // int8range
  [4072, 4073], // jsonpath
  [4089, 4090], // regnamespace
  [4096, 4097], // regrole
  [4191, 4192], // regcollation
  [4451, 6150], // int4multirange
  [4532, 6151], // nummultirange
  [4533, 6152], // tsmultirange
  [4534, 6153], // tstzmultirange
  [4535, 6155], // datemultirange
  [4536, 6157], // int8multirange
  [5038, 5039], // pg_snapshot
  [5069, 271], // xid8
];

const unknownLiteral = 705;
const voidType = 2278;
/** The one built-in type whose texts hold commas. */
const box = 603;

const builtIn: ReadonlyMap<number, PgType> = new Map(
  [
    scalarType(unknownLiteral),
    scalarType(voidType),
    ...[...arrayOids, ...otherArrays].flatMap(([oid, array]) => {
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
    return isJsonOid(this.type.oid);
  }
}
