/** Bounds on what one document or its variables may ask for. */
import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
  type VariableDefinitionNode,
} from "graphql";
import { type ErrorCode, PuffError } from "../../schema/index.ts";
import type { PlannerLimits } from "../contract/planner.ts";

/**
 * Checks a parsed document before anything else looks at it: its nesting, that fragments don't spread themselves, and
 * the depth, aliases, root fields and size of its operations, fragments expanded. It takes time in proportion to the
 * document's text, however often fragments multiply each other. The depth of introspection is not counted, since its
 * own query is deep.
 *
 * @throws PuffError naming the limit, what came and what is allowed; an array of GraphQLErrors.
 */
export function checkDocument(document: DocumentNode, limits: PlannerLimits): void {
  const measure = new Measure(document, limits);
  let size = 0;
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      measure.fragment(definition, 0);
    } else if (definition.kind === Kind.OPERATION_DEFINITION) {
      const operation = measure.operation(definition);
      check("PUFF_TOO_MANY_ROOT_FIELDS", "root fields", operation.fields, limits.rootFields, "rootFields");
      check("PUFF_TOO_DEEP", "levels of fields", operation.depth, limits.depth, "depth");
      check("PUFF_TOO_MANY_ALIASES", "aliases", operation.aliases, limits.aliases, "aliases");
      size += operation.size;
    }
  }
  if (size > limits.fields) {
    throw tooManyFields(limits);
  }
}

/** The document asks for more than it may once its fragments are expanded. */
function tooManyFields({ fields }: PlannerLimits): PuffError {
  return new PuffError(
    "PUFF_TOO_MANY_FIELDS",
    `with its fragments expanded, the document has more than ${fields} fields and values`,
    { remedy: "Ask for less at once, or raise limits.fields." },
  );
}

/**
 * What work on an operation may cost: a function to be told of each of its steps.
 *
 * @throws PuffError `PUFF_TOO_MANY_FIELDS` at the step past `most`.
 */
export function budget(limits: PlannerLimits, most: number): (cost: number) => void {
  let left = most;
  return (cost) => {
    left -= cost;
    if (left < 0) {
      throw tooManyFields(limits);
    }
  };
}

/**
 * Checks that no list among the variables is too long, and that neither Postgres nor UTF-8 would refuse or change a text.
 *
 * @throws PuffError `PUFF_LIST_TOO_LONG`, `PUFF_VARIABLES_INVALID` naming the variable.
 */
export function checkVariables(variables: { readonly [name: string]: unknown }, limits: PlannerLimits): void {
  for (const [name, value] of Object.entries(variables)) {
    checkText(name, "the variables' names");
    checkValue(value, `$${name}`, limits.listLength);
  }
}

/** Levels of brackets in a document, those of its fragments included: deeper ones would exhaust the stack. */
const MOST_LEVELS = 200;

/** What an object among the values counts: all fields that its type has are looked for in it. */
const OBJECT_SIZE = 5;

/** Names of a cycle of fragments that its message has room for. */
const SHOWN_CYCLE = 5;

interface Size {
  /** Fields in the selection set itself, those of its fragments included. */
  readonly fields: number;
  readonly depth: number;
  readonly aliases: number;
  /** Selections, directives and values, at any depth. */
  readonly size: number;
  /** Levels of brackets. */
  readonly levels: number;
}

/** Sizes of one document's parts. Each fragment is measured once, so that those which multiply each other cost nothing here. */
class Measure {
  readonly #limits: PlannerLimits;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #known = new Map<FragmentDefinitionNode, Size>();
  /** The fragments that are being measured, outermost first. */
  readonly #open = new Set<FragmentDefinitionNode>();

  constructor(document: DocumentNode, limits: PlannerLimits) {
    this.#limits = limits;
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) {
        this.#fragments.set(definition.name.value, definition);
      }
    }
  }

  operation({ selectionSet, directives, variableDefinitions = [] }: OperationDefinitionNode): Size {
    const selected = this.#selectionSet(selectionSet, 1);
    const variables = sum(variableDefinitions, (definition) => this.#variable(definition));
    return { ...selected, size: selected.size + variables + this.#directives(directives, 0) };
  }

  fragment(definition: FragmentDefinitionNode, level: number): Size {
    const known = this.#known.get(definition);
    if (known !== undefined) {
      checkLevel(level + known.levels);
      return known;
    }
    this.#open.add(definition);
    const selected = this.#selectionSet(definition.selectionSet, level + 1);
    this.#open.delete(definition);
    const size = { ...selected, size: selected.size + this.#directives(definition.directives, level) };
    this.#known.set(definition, size);
    return size;
  }

  /** `spread`: the fragments that what is collected has already; a second time they add nothing to it. */
  #selectionSet({ selections }: SelectionSetNode, level: number, spread = new Set<string>()): Size {
    checkLevel(level);
    const total = { fields: 0, depth: 0, aliases: 0, size: 0, levels: 1 };
    for (const selection of selections) {
      total.size += 1 + this.#directives(selection.directives, level);
      const inner = this.#selection(selection, level, spread);
      total.fields += inner.fields;
      total.depth = Math.max(total.depth, inner.depth);
      total.aliases += inner.aliases;
      total.size += inner.size;
      total.levels = Math.max(total.levels, inner.levels + 1);
    }
    return total;
  }

  #selection(selection: SelectionNode, level: number, spread: Set<string>): Size {
    switch (selection.kind) {
      case Kind.FIELD:
        return this.#field(selection, level);
      case Kind.INLINE_FRAGMENT:
        return this.#selectionSet(selection.selectionSet, level + 1, spread);
      case Kind.FRAGMENT_SPREAD: {
        const name = selection.name.value;
        const fragment = this.#fragments.get(name);
        if (fragment === undefined || spread.has(name)) {
          return nothing;
        }
        spread.add(name);
        if (this.#open.has(fragment)) {
          throw [spreadsItself(fragment, [...this.#open])];
        }
        return this.fragment(fragment, level);
      }
    }
  }

  #field(field: FieldNode, level: number): Size {
    const aliases = field.alias === undefined ? 0 : 1;
    const values = sum(field.arguments ?? [], ({ value }) => this.#value(value, level + 1));
    if (field.selectionSet === undefined) {
      return { fields: 1, depth: 1, aliases, size: values, levels: 0 };
    }
    const inner = this.#selectionSet(field.selectionSet, level + 1);
    const isIntrospection = field.name.value.startsWith("__");
    return {
      fields: 1,
      depth: isIntrospection ? 1 : inner.depth + 1,
      aliases: aliases + inner.aliases,
      size: values + inner.size,
      levels: inner.levels,
    };
  }

  #variable({ defaultValue, directives }: VariableDefinitionNode): number {
    return 1 + (defaultValue === undefined ? 0 : this.#value(defaultValue, 1)) + this.#directives(directives, 1);
  }

  #directives(directives: readonly DirectiveNode[] | undefined, level: number): number {
    return sum(
      directives ?? [],
      ({ arguments: given = [] }) => 1 + sum(given, ({ value }) => this.#value(value, level)),
    );
  }

  #value(value: ValueNode, level: number): number {
    switch (value.kind) {
      case Kind.LIST:
        checkLevel(level);
        checkLength(value.values.length, "a list of the document", this.#limits.listLength);
        return 1 + sum(value.values, (item) => this.#value(item, level + 1));
      case Kind.OBJECT:
        checkLevel(level);
        return OBJECT_SIZE + sum(value.fields, (field) => this.#value(field.value, level + 1));
      case Kind.STRING: {
        const flaw = flawOf(value.value);
        if (flaw !== null) {
          throw [new GraphQLError(`A text holds ${flaw}.`, { nodes: value })];
        }
        return 1;
      }
      default:
        return 1;
    }
  }
}

const nothing: Size = { fields: 0, depth: 0, aliases: 0, size: 0, levels: 0 };

function sum<T>(items: readonly T[], measure: (item: T) => number): number {
  let total = 0;
  for (const item of items) {
    total += measure(item);
  }
  return total;
}

function checkLevel(level: number): void {
  if (level > MOST_LEVELS) {
    throw tooManyLevels();
  }
}

/** The document's brackets are nested too deep. */
export function tooManyLevels(): PuffError {
  return new PuffError("PUFF_TOO_DEEP", `the document is nested deeper than ${MOST_LEVELS} levels of brackets`);
}

function spreadsItself(fragment: FragmentDefinitionNode, open: readonly FragmentDefinitionNode[]): GraphQLError {
  const between = open.slice(open.indexOf(fragment) + 1).map(({ name }) => `"${name.value}"`);
  const shown = between.length > SHOWN_CYCLE ? [...between.slice(0, SHOWN_CYCLE), "…"] : between;
  const via = shown.length === 0 ? "" : ` via ${shown.join(", ")}`;
  return new GraphQLError(`Cannot spread fragment "${fragment.name.value}" within itself${via}.`, { nodes: fragment });
}

function check(code: ErrorCode, what: string, count: number, limit: number, option: string): void {
  if (count > limit) {
    throw new PuffError(code, `the operation has ${count} ${what}, but only ${limit} are allowed`, {
      remedy: `Ask for less at once, or raise limits.${option}.`,
    });
  }
}

function checkLength(length: number, place: string, limit: number): void {
  if (length > limit) {
    throw new PuffError("PUFF_LIST_TOO_LONG", `the list has ${length} items, but only ${limit} are allowed`, {
      place,
      remedy: "Send it in parts, or raise limits.listLength.",
    });
  }
}

function checkValue(value: unknown, place: string, limit: number): void {
  if (typeof value === "string") {
    checkText(value, place);
  } else if (Array.isArray(value)) {
    checkLength(value.length, place, limit);
    for (const item of value) {
      checkValue(item, place, limit);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      checkText(key, place);
      checkValue(item, `${place}.${key}`, limit);
    }
  }
}

function checkText(text: string, place: string): void {
  const flaw = flawOf(text);
  if (flaw !== null) {
    throw new PuffError("PUFF_VARIABLES_INVALID", `a text holds ${flaw}`, { place });
  }
}

/** What no text of Postgres can hold, or UTF-8 replaces. */
function flawOf(text: string): string | null {
  if (text.includes("\0")) {
    return "the character NUL, which Postgres can't store in text";
  }
  return text.isWellFormed() ? null : "half of a surrogate pair, which is not a character";
}
