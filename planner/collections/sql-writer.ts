/** Writes SQL of which the parameters are numbered as they come. */
import { type Arguments, type JsonValue, type PlanParameter, PuffError, type SqlFragment } from "../../schema/index.ts";
import { bindRequestParameter } from "../resolve/arguments.ts";
import { fillSql, type SqlText } from "../sql/sql-text.ts";

/** By type, the statement of all its rows that a caller sees. */
export type Seen = ReadonlyMap<string, { readonly text: SqlText; readonly params: readonly PlanParameter[] }>;

export class SqlWriter {
  readonly params: PlanParameter[] = [];
  readonly #seen: Seen | null;
  #aliases = 0;

  /** `seen` limits rows that other rows lead to. Null: nothing limits them, or none are read. */
  constructor(seen: Seen | null) {
    this.#seen = seen;
  }

  /**
   * The statement of all rows of a type that the caller sees.
   *
   * @throws PuffError `PUFF_VISIBLE_UNCHECKED`: it is not known.
   */
  seen(typeName: string): string | null {
    if (this.#seen === null) {
      return null;
    }
    const statement = this.#seen.get(typeName);
    if (statement === undefined) {
      throw new PuffError("PUFF_VISIBLE_UNCHECKED", `nothing says which objects of ${typeName} the caller may see`);
    }
    const places = new Map<number, string>();
    return fillSql(statement.text, ({ number }) => {
      const param = statement.params[number - 1];
      const place = places.get(number) ?? (param === undefined ? `$${number}` : this.parameter(param));
      places.set(number, place);
      return place;
    });
  }

  /** The place of a value. */
  parameter(value: PlanParameter): string {
    return `$${this.params.push(value)}`;
  }

  /** A name that no other table of the statement has. */
  alias(): string {
    this.#aliases++;
    return `puff_related${this.#aliases}`;
  }

  /**
   * A fragment's SQL for a row, and for the value that a client gave.
   *
   * @example writer.fragment([{ row: true }, ".votes > ", { argument: "value", as: "int" }], "q", 5); // q.votes > $1
   */
  fragment(sql: SqlFragment, row: string, value: JsonValue = null): string {
    const args: Arguments = { value };
    let text = "";
    for (const part of sql) {
      if (typeof part === "string") {
        text += part;
      } else if ("row" in part) {
        text += row;
      } else {
        text += this.parameter("argument" in part ? bindRequestParameter(part, args, null) : part);
      }
    }
    return text;
  }
}
