/** The plan that a collection is a part of, as a table in other SQL. */
import { PuffError, type SqlPlan, type TypedText } from "../../schema/index.ts";
import { cutSql, quoteName, type SqlText } from "../sql/sql-text.ts";
import { symbolsOf } from "../sql/symbols.ts";
import type { SqlWriter } from "./sql-writer.ts";

/** `= ANY($1)` and `IN (SELECT unnest($1))`, around the parameter. */
const forms: readonly (readonly [before: RegExp, after: RegExp])[] = [
  [/=\s*ANY\s*\(\s*$/i, /^\s*\)/],
  [/(?<!\bNOT\s+)\bIN\s*\(\s*SELECT\s+unnest\s*\(\s*$/i, /^\s*\)(\s+AS\s+\w+)?\s*\)/i],
];

/** A plan of which each parent has a part. */
export interface EachPlan extends SqlPlan {
  /** Gives the text where Postgres has to find out the types of the parents' keys, which come as texts. */
  readonly untyped: () => string;
}

/** The plan for its parameters' values: with the text that says the types of those that have none. */
export function typedPlan(plan: SqlPlan, params: readonly TypedText[]): SqlPlan {
  const isUntyped = params.some(([oid], index) => oid === 0 && "parent" in (plan.params[index] ?? {}));
  return isUntyped && "untyped" in plan ? { ...plan, text: (plan as EachPlan).untyped() } : plan;
}

export class Base {
  readonly plan: SqlPlan;
  /** Names the collection's rows, one parent of them, and no table of the plan. */
  readonly row: string;
  readonly parent: string;
  readonly #text: SqlText;

  private constructor(plan: SqlPlan, text: SqlText) {
    this.plan = plan;
    this.#text = text;
    const used = plan.text.toLowerCase(); // as Postgres folds names without quotes
    let prefix = "puff_";
    while (used.includes(`${prefix}row`) || used.includes(`${prefix}parent`)) {
      prefix += "_";
    }
    this.row = `${prefix}row`;
    this.parent = `${prefix}parent`;
  }

  /** @throws Error if the plan's text is not made of SQL's tokens. */
  static async of(plan: SqlPlan): Promise<Base> {
    return new Base(plan, await cutSql(plan.text));
  }

  get isCorrelated(): boolean {
    return this.plan.parentKeys.length > 0;
  }

  /** The rows of all parents. */
  all(writer: SqlWriter): string {
    return this.#allOf(writer, new Map());
  }

  /** `places`: those that parameters have already, by their numbers in the plan. */
  #allOf(writer: SqlWriter, places: Map<number, string>): string {
    return `(${this.#fill((number) => this.#place(writer, places, number))}\n) AS ${this.row}`;
  }

  /**
   * The rows of one parent, and the parents: `FROM parents CROSS JOIN LATERAL (SELECT … FROM rows WHERE isChild …)`.
   *
   * @throws PuffError `PUFF_PLAN_INVALID`: the plan has symbols by which its rows do not say whose they are.
   */
  each(writer: SqlWriter): {
    readonly rows: string;
    readonly parents: string;
    /** The same where the types of the keys are not known. */
    readonly untypedParents: () => string;
    readonly isChild: string;
  } {
    const { plan, parent } = this;
    const { parentKeys, childKeys } = plan;
    const names = [...new Set(parentKeys)];
    const stranger = symbolsOf(plan).find((symbol) => !names.includes(symbol));
    if (stranger !== undefined) {
      throw new PuffError(
        "PUFF_PLAN_INVALID",
        `a page for each parent can't be had: the plan uses ctx.parents["${stranger}"], which is not among its keys`,
        { remedy: `Add ${stranger}="…" to .on(…), with the column that equals it.` },
      );
    }
    const keys = names.map((_, index) => `k${index}`);
    const arrays = names.map((name) => writer.parameter({ parent: name }));
    const keyOf = (name: string) => `${parent}.${keys[names.indexOf(name)]}`;
    const places = new Map<number, string>();
    for (const [index, param] of plan.params.entries()) {
      if ("parent" in param) {
        places.set(index + 1, arrays[names.indexOf(param.parent)] ?? "");
      }
    }
    const rows = this.#fill((number) => {
      const param = plan.params[number - 1];
      return param !== undefined && "parent" in param
        ? { key: keyOf(param.parent) }
        : this.#place(writer, places, number);
    });
    // Keys that are equal may have several texts.
    const parentsOf = (lists: readonly string[]) =>
      `(SELECT DISTINCT * FROM unnest(${lists.join(", ")}) AS k(${keys.join(", ")})) AS ${parent}`;
    return {
      rows: `(${rows}\n) AS ${this.row}`,
      parents: parentsOf(arrays),
      untypedParents: () => {
        const all = this.#allOf(writer, places);
        // A column of the rows says which type an array has; nothing is read of it.
        const typed = arrays.map((array, index) => {
          const child = childKeys[parentKeys.indexOf(names[index] ?? "")] ?? "";
          return `COALESCE(${array}, ARRAY(SELECT ${this.row}.${quoteName(child)} FROM ${all} WHERE FALSE))`;
        });
        return parentsOf(typed);
      },
      isChild: parentKeys
        .map((name, index) => `${this.row}.${quoteName(childKeys[index] ?? "")} = ${keyOf(name)}`)
        .join(" AND "),
    };
  }

  #place(writer: SqlWriter, places: Map<number, string>, number: number): string {
    let place = places.get(number);
    if (place === undefined) {
      const param = this.plan.params[number - 1];
      place = param === undefined ? `$${number}` : writer.parameter(param);
      places.set(number, place);
    }
    return place;
  }

  /** A key stands for an array of this one value: compared with it, where the text allows that. */
  #fill(replace: (number: number) => string | { readonly key: string }): string {
    const parts = [...this.#text.parts];
    const places = this.#text.parameters.map(({ number }, index) => {
      const place = replace(number);
      if (typeof place === "string") {
        return place;
      }
      const [before = "", after = ""] = [parts[index], parts[index + 1]];
      const form = forms.find(([left, right]) => left.test(before) && right.test(after));
      if (form === undefined) {
        return `ARRAY[${place.key}]`;
      }
      parts[index] = before.replace(form[0], "= ");
      parts[index + 1] = after.replace(form[1], "");
      return place.key;
    });
    return parts.map((part, index) => part + (places[index] ?? "")).join("");
  }
}
