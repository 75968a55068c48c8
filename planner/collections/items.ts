/** How many items an operation may ask of collections. */
import { type CollectionDescription, PuffError } from "../../schema/index.ts";
import type { FieldStep, Selection, VariableValues } from "../contract/operation-plan.ts";
import { partOf } from "../contract/page-parts.ts";
import { argumentsOf } from "../operation/field-arguments.ts";
import { groupsWindowOf, windowOf } from "./window.ts";

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
  const count = countItems(collections, 1, 1, variables);
  if (count > most) {
    throw new PuffError("PUFF_TOO_MANY_ITEMS", `the operation asks for up to ${count} items, and ${most} are allowed`, {
      remedy: "Ask for smaller pages, or for fewer within each other; or raise limits.items.",
    });
  }
}

/** A collection's field, or that of its groups, and those below it. */
interface Node {
  readonly step: FieldStep;
  readonly collection: CollectionDescription;
  readonly below: readonly Node[];
}

/** `around`: what the parents themselves belong to, as the groups of their collection do. */
function countItems(nodes: readonly Node[], parents: number, around: number, variables: VariableValues): number {
  let count = 0;
  for (const node of nodes) {
    const items = (isOfGroups(node) ? around : parents) * sizeOf(node, variables);
    count += items + countItems(node.below, items, parents, variables);
  }
  return count;
}

function sizeOf(node: Node, variables: VariableValues): number {
  const { step, collection } = node;
  try {
    const args = argumentsOf(step, variables);
    if (isOfGroups(node)) {
      return groupsWindowOf(collection, args).limit ?? 1;
    }
    const isOpen = collection.form === "list" && (args["pagination"] ?? null) === null;
    return isOpen ? 1 : (windowOf(collection, args).limit ?? 1);
  } catch {
    return 0; // the field fails, and says why
  }
}

function isOfGroups({ step }: Node): boolean {
  return partOf(step) === "groups";
}

const known = new WeakMap<Selection, readonly Node[]>();

/** Found once for a compiled operation. `around`: the collection whose page the selection is of. */
function collectionsIn(selection: Selection, around: CollectionDescription | null = null): readonly Node[] {
  let nodes = known.get(selection);
  if (nodes === undefined) {
    nodes = [...selection.byType.values()].flatMap(({ steps }) =>
      steps.flatMap((step) => {
        const below = step.selection === null ? [] : collectionsIn(step.selection, step.collection);
        const collection = step.collection ?? (partOf(step) === "groups" ? around : null);
        return collection === null ? below : [{ step, collection, below }];
      }),
    );
    known.set(selection, nodes);
  }
  return nodes;
}
