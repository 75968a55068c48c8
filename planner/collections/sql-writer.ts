/** Writes SQL of which the parameters are numbered as they come. */
import type { Arguments, JsonValue, PlanParameter, SqlFragment } from "../../schema/index.ts";
import { bindRequestParameter } from "../resolve/arguments.ts";

export class SqlWriter {
  readonly params: PlanParameter[] = [];
  #aliases = 0;

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
