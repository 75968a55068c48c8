/** From a validated operation to the operation plan: a tree of steps, one a field, for each concrete type. */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  TypeNameMetaFieldDef,
} from "graphql";
import type { ExecutableSchema } from "../../schema/index.ts";
import { toChunk } from "../bytes/chunk.ts";
import { Leaf } from "../bytes/leaves.ts";
import type { LayerFunction } from "../contract/caller.ts";
import type {
  FieldInDocument,
  FieldStep,
  ObjectPlan,
  Selection,
  Shape,
  StepSource,
  VariableValues,
} from "../contract/operation-plan.ts";
import type { PlannerLimits } from "../contract/planner.ts";
import { detachField } from "./detached.ts";
import { budget } from "./limits.ts";

/** An operation plan, and how much it is. */
export interface Compiled {
  readonly selection: Selection;
  readonly steps: number;
  /** Nodes of the document that it keeps. */
  readonly nodes: number;
}

/** What compiling needs beside the operation. */
export interface CompileContext {
  readonly schema: ExecutableSchema;
  readonly layerFunctions: ReadonlyMap<string, LayerFunction>;
  /** One writer a leaf type, shared by all operations. */
  readonly leaves: Map<string, Leaf>;
  readonly limits: PlannerLimits;
}

/**
 * Compiles an operation for given values of the variables that `@skip` and `@include` read.
 *
 * @throws PuffError `PUFF_TOO_MANY_FIELDS`: fields of interfaces and unions count once for each type that they may have.
 */
export function compileOperation(
  context: CompileContext,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  operation: OperationDefinitionNode,
  rootType: GraphQLObjectType,
  variables: VariableValues,
): Compiled {
  const spend = budget(context.limits, context.limits.fields);
  const compilation = { ...context, fragments, variables, spend, kept: { steps: 0, nodes: 0 } };
  const selection = compileSelection(compilation, rootType, [operation.selectionSet], { layer: "", field: null });
  return { selection, ...compilation.kept };
}

/** What a fragment costs itself, in fields: an object type with many others beside it looks at those of all. */
const FRAGMENT_COST = 0.02;

interface Compilation extends CompileContext {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: VariableValues;
  readonly kept: { steps: number; nodes: number };
  /** Told of each selection that is looked at; throws where these are too many. */
  spend(cost: number): void;
}

/** Where a selection stands: below which field, at which response path. */
interface Above {
  readonly layer: string;
  readonly field: FieldInDocument | null;
}

function compileSelection(
  context: Compilation,
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
  above: Above,
): Selection {
  const types = isAbstractType(type) ? context.schema.schema.getPossibleTypes(type) : [type];
  const byType = new Map<string, ObjectPlan>();
  let slots = 0;
  for (const objectType of types) {
    const groups = new Map<string, [FieldNode, ...FieldNode[]]>();
    const visitedFragments = new Set<string>();
    for (const selectionSet of selectionSets) {
      collectFields(context, objectType, selectionSet.selections, groups, visitedFragments);
    }
    const steps = [...groups].map(([key, nodes], index) =>
      compileField(context, objectType, key, nodes, { slot: slots++, isFirst: index === 0 }, above),
    );
    byType.set(objectType.name, { typeName: objectType.name, steps });
  }
  const only = isAbstractType(type) ? null : (byType.get(type.name) ?? null);
  return { typeName: type.name, byType, only, slots };
}

/** CollectFields of the specification: https://spec.graphql.org/September2025/#CollectFields() */
function collectFields(
  context: Compilation,
  type: GraphQLObjectType,
  selections: readonly SelectionNode[],
  groups: Map<string, [FieldNode, ...FieldNode[]]>,
  visitedFragments: Set<string>,
): void {
  for (const selection of selections) {
    context.spend(selection.kind === Kind.FIELD ? 1 : FRAGMENT_COST);
    if (isLeftOut(context, selection)) {
      continue;
    }
    if (selection.kind === Kind.FIELD) {
      const key = selection.alias?.value ?? selection.name.value;
      const group = groups.get(key);
      if (group === undefined) {
        groups.set(key, [selection]);
      } else {
        group.push(selection);
      }
      continue;
    }
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      if (applies(context, selection.typeCondition?.name.value, type)) {
        collectFields(context, type, selection.selectionSet.selections, groups, visitedFragments);
      }
      continue;
    }
    const fragment = context.fragments.get(selection.name.value);
    if (fragment === undefined || visitedFragments.has(selection.name.value)) {
      continue;
    }
    visitedFragments.add(selection.name.value);
    if (applies(context, fragment.typeCondition.name.value, type)) {
      collectFields(context, type, fragment.selectionSet.selections, groups, visitedFragments);
    }
  }
}

function isLeftOut(context: Compilation, selection: SelectionNode): boolean {
  if (selection.directives === undefined || selection.directives.length === 0) {
    return false;
  }
  return (
    getDirectiveValues(GraphQLSkipDirective, selection, context.variables)?.["if"] === true ||
    getDirectiveValues(GraphQLIncludeDirective, selection, context.variables)?.["if"] === false
  );
}

function applies(context: Compilation, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) {
    return true;
  }
  const conditional = context.schema.schema.getType(condition);
  return isAbstractType(conditional) && context.schema.schema.isSubType(conditional, type);
}

function compileField(
  context: Compilation,
  type: GraphQLObjectType,
  key: string,
  nodes: readonly [FieldNode, ...FieldNode[]],
  { slot, isFirst }: { readonly slot: number; readonly isFirst: boolean },
  above: Above,
): FieldStep {
  const fieldName = nodes[0].name.value;
  const definition = context.schema.schema.getField(type, fieldName);
  if (definition === undefined) {
    throw new TypeError(`${type.name} has no field ${fieldName}, though the document was validated`);
  }
  const name = `${type.name}.${fieldName}`;
  const layer = above.layer === "" ? key : `${above.layer}.${key}`;
  const namedType = getNamedType(definition.type);
  const inDocument = { definition, nodes: keep(context, nodes) };
  const described = context.schema.fields.get(name);
  // What a page consists of has the arguments of the page's field.
  const field = described?.source.kind === "page" ? above.field : inDocument;
  const selection = isCompositeType(namedType)
    ? compileSelection(context, namedType, subselections(nodes), { layer, field })
    : null;
  const source = sourceOf(context, type, name, definition, selection);
  const collection = (source.kind === "resolver" && described?.collection) || null;
  const { parentArguments: names = [] } = described ?? {};
  context.kept.steps += 1;
  return {
    key,
    opening: toChunk(Buffer.from(`${isFirst ? "{" : ","}${JSON.stringify(key)}:`)),
    name,
    ...inDocument,
    inherited: above.field === null || names.length === 0 ? null : { from: above.field, names },
    source,
    shape: shapeOf(context, definition.type, source.kind === "column" ? source.globalId : undefined),
    selection: source.kind === "introspection" ? null : selection,
    collection,
    sameRow: (collection !== null && collection.form !== "list") || (source.kind === "page" && source.part === "row"),
    slot,
    layer,
  };
}

/** The first has the arguments, and a few tell of the field's places. */
function keep(
  { kept }: Compilation,
  [first, ...others]: readonly [FieldNode, ...FieldNode[]],
): readonly [FieldNode, ...FieldNode[]] {
  const count = (nodes: number) => {
    kept.nodes += nodes;
  };
  const bare = others.slice(0, MOST_PLACES - 1).map(({ arguments: _, ...node }) => detachField(node, count));
  return [detachField(first, count), ...bare];
}

/** Places of one field in the document that an error tells. */
const MOST_PLACES = 10;

function sourceOf(
  context: Compilation,
  type: GraphQLObjectType,
  name: string,
  definition: GraphQLField,
  selection: Selection | null,
): StepSource {
  if (definition === TypeNameMetaFieldDef) {
    return { kind: "typename" };
  }
  if (definition.name.startsWith("__") || type.name.startsWith("__")) {
    return { kind: "introspection", selection };
  }
  const call = context.layerFunctions.get(name);
  if (call !== undefined) {
    return { kind: "function", call };
  }
  return context.schema.fields.get(name)?.source ?? { kind: "column", column: definition.name };
}

function subselections(nodes: readonly FieldNode[]): SelectionSetNode[] {
  return nodes.flatMap((node) => (node.selectionSet === undefined ? [] : [node.selectionSet]));
}

function shapeOf(context: Compilation, type: GraphQLOutputType, globalId?: string, nonNull = false): Shape {
  if (isNonNullType(type)) {
    return shapeOf(context, type.ofType, globalId, true);
  }
  if (isListType(type)) {
    return { kind: "list", nonNull, item: shapeOf(context, type.ofType, globalId) };
  }
  if (!isLeafType(type)) {
    return { kind: "object", nonNull };
  }
  const key = globalId === undefined ? type.name : `${type.name} of ${globalId}`;
  let leaf = context.leaves.get(key);
  if (leaf === undefined) {
    leaf = new Leaf(type, context.schema, globalId);
    context.leaves.set(key, leaf);
  }
  return { kind: "leaf", nonNull, leaf };
}
