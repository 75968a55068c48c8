/** Empty lists of which only Postgres knows the type: where it wants a text, they are `{}`, as other lists are texts. */
import { EMPTY_LIST, type Statement } from "../../../planner/index.ts";
import { PuffError, type TypedText } from "../../../schema/index.ts";

/** Postgres has only been asked for the types of the statement's parameters: it is to be run now. */
export class TypesAsked extends Error {}

/** Runs a statement again that had to ask for its parameters' types first. */
export async function withTypes<T>(run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof TypesAsked)) {
        throw error;
      }
    }
  }
}

export function hasEmptyList({ params }: Statement): boolean {
  return params.some(isEmptyList);
}

/** What is bound for the parameters once their types are known. */
export function valuesOf(params: readonly TypedText[], types: readonly number[] | undefined): (string | null)[] {
  return params.map((param, index) => (isEmptyList(param) && isNoJson(types?.[index]) ? "{}" : param[1]));
}

/**
 * What fails ahead of a statement where one of these types is a text after all, such as citext or a domain; null: none
 * can be.
 */
export function checkOf(params: readonly TypedText[], types: readonly number[]): Statement | null {
  const made = types.filter((oid, index) => oid >= firstMade && isEmptyList(params[index]));
  if (made.length === 0) {
    return null;
  }
  const isText = "typcategory = 'S' OR typname = 'bytea'";
  const text = `SELECT 1 / (1 - count(*) FILTER (WHERE ${isText})::int) FROM pg_catalog.pg_type WHERE oid = ANY ($1)`;
  return { text, params: [[oidArray, `{${made.join()}}`]] };
}

export function noText(): PuffError {
  return new PuffError("PUFF_PLAN_PARAMETERS", "an empty list is a parameter where Postgres wants a text", {
    remedy: "Say of what it is a list: $1::text[].",
  });
}

function isEmptyList(param: TypedText | undefined): boolean {
  return param !== undefined && param[1] === EMPTY_LIST && param[0] === 0;
}

/** Of Postgres's own types JSON alone must not see `{}`: arrays take it, and others show it or refuse it. */
function isNoJson(oid: number | undefined): boolean {
  return oid !== undefined && oid < firstMade && oid !== 114 && oid !== 3802;
}

/** OIDs from here on are of types that a database's users have made. */
const firstMade = 16_384;
const oidArray = 1028;
