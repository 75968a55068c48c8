/**
 * Whether the fields of one response key can be merged: https://spec.graphql.org/September2025/#FieldsInSetCanMerge()
 *
 * graphql-js compares each two fields, which takes time in the square of the document. Here the fields of one key are
 * compared with their first only, as described in
 * https://tech.new-work.se/graphql-overlapping-fields-can-be-merged-fast-ea6e92e0a01.
 */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";

export interface OverlapOptions {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Told of each selection that is looked at; throws where these are too many. */
  spend(cost: number): void;
}

/** The first two fields that can't be merged, of an operation that is valid otherwise; null: there are none. */
export function findOverlap(options: OverlapOptions, operation: OperationDefinitionNode): GraphQLError | null {
  const root = options.schema.getRootType(operation.operation);
  if (root === undefined || root === null) {
    return null;
  }
  const found = new Overlaps(options).among(collect(options, [[operation.selectionSet, root, null]]), true);
  return found === null ? null : describe(found);
}

/** A field where it is selected. */
interface Entry {
  readonly node: FieldNode;
  readonly parentType: GraphQLCompositeType;
  readonly definition: GraphQLField;
  /** The field that it is selected of. */
  readonly parent: Entry | null;
}

interface Overlap {
  readonly first: Entry;
  readonly second: Entry;
  readonly reason: string;
}

type Selected = readonly [SelectionSetNode, GraphQLCompositeType, Entry | null];

class Overlaps {
  readonly #options: OverlapOptions;
  readonly #arguments = new Map<FieldNode, string>();

  constructor(options: OverlapOptions) {
    this.#options = options;
  }

  /** `same`: whether they may be asked of one object; else only their types' shapes have to agree. */
  among(groups: ReadonlyMap<string, readonly [Entry, ...Entry[]]>, same: boolean): Overlap | null {
    for (const group of groups.values()) {
      const found = same ? this.#ofOneObject(group) : this.#ofAny(group);
      if (found !== null) {
        return found;
      }
    }
    return null;
  }

  /** Fields of two object types are never asked of one object; those of an abstract type may be, with each other's. */
  #ofOneObject(group: readonly [Entry, ...Entry[]]): Overlap | null {
    const abstract: Entry[] = [];
    const concrete = new Map<GraphQLCompositeType, Entry[]>();
    for (const entry of group) {
      const { parentType } = entry;
      const entries = isObjectType(parentType) ? (concrete.get(parentType) ?? []) : abstract;
      entries.push(entry);
      if (isObjectType(parentType)) {
        concrete.set(parentType, entries);
      }
    }
    if (concrete.size <= 1) {
      return this.#fieldOf(group) ?? this.#shapeOf(group) ?? this.among(this.#collect(group), true);
    }
    for (const entries of concrete.values()) {
      const [first, ...others] = [...entries, ...abstract];
      this.#options.spend(abstract.length);
      if (first !== undefined) {
        const together = [first, ...others] as const;
        const found = this.#ofOneObject(together);
        if (found !== null) {
          return found;
        }
      }
    }
    return this.#ofAny(group);
  }

  #ofAny(group: readonly [Entry, ...Entry[]]): Overlap | null {
    return this.#shapeOf(group) ?? this.among(this.#collect(group), false);
  }

  #shapeOf([first, ...others]: readonly [Entry, ...Entry[]]): Overlap | null {
    for (const second of others) {
      const [one, other] = [first.definition.type, second.definition.type];
      if (one !== other && !haveSameShape(one, other)) {
        return { first, second, reason: `they return conflicting types "${one}" and "${other}"` };
      }
    }
    return null;
  }

  #fieldOf([first, ...others]: readonly [Entry, ...Entry[]]): Overlap | null {
    for (const second of others) {
      const [one, other] = [first.node.name.value, second.node.name.value];
      if (one !== other) {
        return { first, second, reason: `"${one}" and "${other}" are different fields` };
      }
      if (this.#argumentsOf(first.node) !== this.#argumentsOf(second.node)) {
        return { first, second, reason: "they have differing arguments" };
      }
    }
    return null;
  }

  #argumentsOf(node: FieldNode): string {
    let text = this.#arguments.get(node);
    if (text === undefined) {
      text = printFields(node.arguments ?? []);
      this.#arguments.set(node, text);
    }
    return text;
  }

  #collect(group: readonly Entry[]): Map<string, [Entry, ...Entry[]]> {
    const selected = group.flatMap((entry): Selected[] => {
      const type = getNamedType(entry.definition.type);
      const { selectionSet } = entry.node;
      return selectionSet === undefined || !isCompositeType(type) ? [] : [[selectionSet, type, entry]];
    });
    return collect(this.#options, selected);
  }
}

/** All fields by their response keys, each fragment once. */
function collect(
  { schema, fragments, spend }: OverlapOptions,
  selected: readonly Selected[],
): Map<string, [Entry, ...Entry[]]> {
  const groups = new Map<string, [Entry, ...Entry[]]>();
  const visited = new Set<string>();
  const add = (selectionSet: SelectionSetNode, parentType: GraphQLCompositeType, parent: Entry | null) => {
    for (const selection of selectionSet.selections) {
      spend(1);
      if (selection.kind === Kind.FIELD) {
        const definition = schema.getField(parentType, selection.name.value);
        if (definition !== undefined) {
          const entry = { node: selection, parentType, definition, parent };
          const key = selection.alias?.value ?? selection.name.value;
          const group = groups.get(key);
          if (group === undefined) {
            groups.set(key, [entry]);
          } else {
            group.push(entry);
          }
        }
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        if (visited.has(selection.name.value)) {
          continue;
        }
        visited.add(selection.name.value);
      }
      if (fragment !== undefined) {
        const condition = fragment.typeCondition;
        const type = condition === undefined ? parentType : schema.getType(condition.name.value);
        add(fragment.selectionSet, isCompositeType(type) ? type : parentType, parent);
      }
    }
  };
  for (const [selectionSet, parentType, parent] of selected) {
    add(selectionSet, parentType, parent);
  }
  return groups;
}

/** SameResponseShape of the specification, but for what is selected of objects. */
function haveSameShape(one: GraphQLOutputType, other: GraphQLOutputType): boolean {
  if (isNonNullType(one) || isNonNullType(other)) {
    return isNonNullType(one) && isNonNullType(other) && haveSameShape(one.ofType, other.ofType);
  }
  if (isListType(one) || isListType(other)) {
    return isListType(one) && isListType(other) && haveSameShape(one.ofType, other.ofType);
  }
  return isLeafType(one) || isLeafType(other) ? one === other : true;
}

/** One text for arguments that mean the same: their order does not count. */
function printFields(
  fields: readonly { readonly name: { readonly value: string }; readonly value: ValueNode }[],
): string {
  return fields
    .map(({ name, value }) => `${name.value}:${printValue(value)}`)
    .sort()
    .join();
}

function printValue(value: ValueNode): string {
  switch (value.kind) {
    case Kind.LIST:
      return `[${value.values.map(printValue).join()}]`;
    case Kind.OBJECT:
      return `{${printFields(value.fields)}}`;
    case Kind.NULL:
      return "null";
    case Kind.VARIABLE:
      return `$${value.name.value}`;
    case Kind.STRING:
      return JSON.stringify(value.value);
    default:
      return String(value.value);
  }
}

/** Told of the outermost two fields that differ. */
function describe({ first, second, reason }: Overlap): GraphQLError {
  let told = reason;
  let [one, other] = [first, second];
  while (one.parent !== null && other.parent !== null && one.parent.node !== other.parent.node) {
    told = `subfields "${keyOf(one)}" conflict because ${told}`;
    [one, other] = [one.parent, other.parent];
  }
  return new GraphQLError(
    `Fields "${keyOf(one)}" conflict because ${told}. Use different aliases on the fields to fetch both if this was intentional.`,
    { nodes: [one.node, other.node] },
  );
}

function keyOf({ node }: Entry): string {
  return node.alias?.value ?? node.name.value;
}
