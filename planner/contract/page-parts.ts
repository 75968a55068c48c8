/** The parts of a page that an operation asks for. */
import type { PagePart, SqlPlan } from "../../schema/index.ts";
import type { FieldStep, Selection } from "./operation-plan.ts";

/** A plan whose rows have cursors: they are made of these columns. */
interface PlanWithTerms extends SqlPlan {
  readonly terms: readonly string[];
}

/** The columns that hold the terms of a row's order, where anyone asks for cursors. */
export function termsOf(plan: SqlPlan): readonly string[] {
  return "terms" in plan ? (plan as PlanWithTerms).terms : noTerms;
}

const noTerms: readonly string[] = [];

/** The column that {@link PagePart} `totalCount` reads. */
export const COUNT_COLUMN = "puff_count";

/** A plan of a collection's part, which can be had of a table with the rows that its filter leaves. */
export interface PartOfFound extends SqlPlan {
  readonly found: Found;
  /** The text that is not for `found` but for a table with its rows, whose name goes in between. */
  readonly overFound: readonly [before: string, after: string];
}

/** The rows that a filter leaves. Its parameters are those of each part. Parts of the same rows have the same object. */
export interface Found {
  readonly text: string;
}

export function isPartOfFound(plan: SqlPlan): plan is PartOfFound {
  return "found" in plan;
}

/** What a step is of a page; null: nothing. */
export function partOf({ source }: FieldStep): PagePart | null {
  return source.kind === "page" ? source.part : null;
}

/** Whether a step has a statement of its own, which a resolver or the collection around it gives. */
export function hasStatement(step: FieldStep): boolean {
  const part = partOf(step);
  return step.source.kind === "resolver" || (part !== null && part !== "row" && part !== "cursor");
}

/**
 * The fields that read a row: those of a selection, and those of what is the same row under another name. `typeName`: the
 * concrete type of the row that it is for; null if there is one alone.
 */
export function* fieldsOfRow(
  selection: Selection | null,
): Generator<{ readonly step: FieldStep; readonly typeName: string | null; readonly selection: Selection }> {
  if (selection === null) {
    return;
  }
  for (const [name, { steps }] of selection.byType) {
    const typeName = selection.byType.size < 2 ? null : name;
    for (const step of steps) {
      yield { step, typeName, selection };
      for (const inner of step.sameRow ? fieldsOfRow(step.selection) : []) {
        yield { ...inner, typeName: inner.typeName ?? typeName };
      }
    }
  }
}

/** The names of the fields that an object is asked for, those of the same row included. */
export function columnsAskedOf(selection: Selection | null): Set<string> {
  const names = new Set<string>();
  for (const { step } of fieldsOfRow(selection)) {
    if (step.source.kind === "column") {
      names.add(step.source.column);
    }
  }
  return names;
}
