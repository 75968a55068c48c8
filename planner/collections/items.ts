/** How many items an operation may ask of collections. */
import { PuffError } from "../../schema/index.ts";
import type { FieldStep, Selection, VariableValues } from "../contract/operation-plan.ts";
import { argumentsOf } from "../operation/field-arguments.ts";
import { windowOf } from "./window.ts";

/**
 * Checks how many items an operation asks for at most: those of a page count once for each item that the page around it
 * may have. A list of which nobody asks a part counts as one item: its rows are bounded as those of any plan.
 *
 * The idea is that of GitHub's node limit: https://docs.github.com/graphql/overview/rate-limits-and-query-limits
 *
 * @throws PuffError `PUFF_TOO_MANY_ITEMS`
 */
export function checkItems(selection: Selection, variables: VariableValues, most: number): void {
  const collections = collectionsIn(selection);
  if (collections.length === 0) {
    return;
  }
  const count = countItems(collections, 1, variables);
  if (count > most) {
    throw new PuffError("PUFF_TOO_MANY_ITEMS", `the operation asks for up to ${count} items, and ${most} are allowed`, {
      remedy: "Ask for smaller pages, or for fewer within each other; or raise limits.items.",
    });
  }
}

/** A collection's field, and those below it. */
interface Node {
  readonly step: FieldStep;
  readonly below: readonly Node[];
}

function countItems(nodes: readonly Node[], parents: number, variables: VariableValues): number {
  let count = 0;
  for (const { step, below } of nodes) {
    const items = parents * sizeOf(step, variables);
    count += items + countItems(below, items, variables);
  }
  return count;
}

function sizeOf(step: FieldStep, variables: VariableValues): number {
  try {
    const { collection } = step;
    const args = argumentsOf(step, variables);
    const isOpen = collection === null || (collection.form === "list" && (args["pagination"] ?? null) === null);
    return isOpen ? 1 : (windowOf(collection, args).limit ?? 1);
  } catch {
    return 0; // the field fails, and says why
  }
}

const known = new WeakMap<Selection, readonly Node[]>();

/** Found once for a compiled operation. */
function collectionsIn(selection: Selection): readonly Node[] {
  let nodes = known.get(selection);
  if (nodes === undefined) {
    nodes = [...selection.byType.values()].flatMap(({ steps }) =>
      steps.flatMap((step) => {
        const below = step.selection === null ? [] : collectionsIn(step.selection);
        return step.collection === null ? below : [{ step, below }];
      }),
    );
    known.set(selection, nodes);
  }
  return nodes;
}
