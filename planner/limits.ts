/** Bounds on what one document or its variables may ask for. */
import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from "graphql";
import { PuffError } from "../schema/index.ts";
import type { PlannerLimits } from "./planner.ts";

/**
 * Checks a valid operation's depth, aliases and root fields, fragments expanded. Introspection is not counted, since
 * its own query is deep and its answer does not grow with the data.
 *
 * @throws PuffError naming the limit, what came and what is allowed.
 */
export function checkOperation(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  limits: PlannerLimits,
): void {
  const size = measure(operation.selectionSet, fragments, new Map());
  check("PUFF_TOO_MANY_ROOT_FIELDS", "root fields", size.fields, limits.rootFields, "rootFields");
  check("PUFF_TOO_DEEP", "levels of fields", size.depth, limits.depth, "depth");
  check("PUFF_TOO_MANY_ALIASES", "aliases", size.aliases, limits.aliases, "aliases");
}

/**
 * Checks that no list among the variables is too long.
 *
 * @throws PuffError `PUFF_LIST_TOO_LONG` naming the variable.
 */
export function checkVariables(variables: { readonly [name: string]: unknown }, limits: PlannerLimits): void {
  for (const [name, value] of Object.entries(variables)) {
    checkLists(value, `$${name}`, limits.listLength);
  }
}

interface Size {
  /** Fields in the selection set itself, those of its fragments included. */
  readonly fields: number;
  readonly depth: number;
  readonly aliases: number;
}

/** Each fragment is measured once, so that fragments which multiply each other cost nothing here. */
function measure(
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, Size>,
): Size {
  let fields = 0;
  let depth = 0;
  let aliases = 0;
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FIELD) {
      fields++;
      aliases += selection.alias === undefined ? 0 : 1;
      const isIntrospection = selection.name.value.startsWith("__");
      if (selection.selectionSet === undefined || isIntrospection) {
        depth = Math.max(depth, 1);
      } else {
        const inner = measure(selection.selectionSet, fragments, known);
        depth = Math.max(depth, inner.depth + 1);
        aliases += inner.aliases;
      }
      continue;
    }
    const inner =
      selection.kind === Kind.INLINE_FRAGMENT
        ? measure(selection.selectionSet, fragments, known)
        : measureFragment(selection.name.value, fragments, known);
    fields += inner.fields;
    depth = Math.max(depth, inner.depth);
    aliases += inner.aliases;
  }
  return { fields, depth, aliases };
}

function measureFragment(
  name: string,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, Size>,
): Size {
  let size = known.get(name);
  if (size === undefined) {
    const fragment = fragments.get(name);
    size =
      fragment === undefined ? { fields: 0, depth: 0, aliases: 0 } : measure(fragment.selectionSet, fragments, known);
    known.set(name, size);
  }
  return size;
}

function check(
  code: "PUFF_TOO_DEEP" | "PUFF_TOO_MANY_ALIASES" | "PUFF_TOO_MANY_ROOT_FIELDS",
  what: string,
  count: number,
  limit: number,
  option: string,
): void {
  if (count > limit) {
    throw new PuffError(code, `the operation has ${count} ${what}, and ${limit} are allowed`, {
      remedy: `Ask for less at once, or raise limits.${option}.`,
    });
  }
}

function checkLists(value: unknown, place: string, limit: number): void {
  if (Array.isArray(value)) {
    if (value.length > limit) {
      throw new PuffError("PUFF_LIST_TOO_LONG", `the list has ${value.length} items, and ${limit} are allowed`, {
        place,
        remedy: "Send it in parts, or raise limits.listLength.",
      });
    }
    for (const item of value) {
      checkLists(item, place, limit);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      checkLists(item, `${place}.${key}`, limit);
    }
  }
}
