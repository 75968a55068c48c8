/** Documents: parsed, validated and compiled once, kept while they are in use. */
import { type DocumentNode, type GraphQLObjectType, Kind, type OperationDefinitionNode, visit } from "graphql";
import { LRUCache } from "lru-cache";
import { PuffError } from "../schema/index.ts";
import { type CompileContext, compileOperation, type Selection, type VariableValues } from "./compile.ts";
import type { Leaf } from "./leaves.ts";
import type { PlannerOptions, PreparedOperation } from "./planner.ts";
import { readDocument } from "./read-document.ts";

/** Variants of one operation that differ in `@skip` and `@include`. */
const MOST_VARIANTS = 64;

/** Characters of documents kept: bounds memory where few but huge documents come. */
const MOST_CHARACTERS = 10_000_000;

/** An operation of a valid document, compiled on demand. */
export class CompiledOperation implements PreparedOperation {
  readonly definition: OperationDefinitionNode;
  readonly document: DocumentNode;
  readonly rootType: GraphQLObjectType;
  /** Size of the last answer: where the next one's buffer starts. */
  sizeHint = 1024;
  readonly #context: CompileContext;
  /** Variables that decide which fields are left out. */
  readonly #conditions: readonly string[];
  readonly #variants = new LRUCache<string, Selection>({ max: MOST_VARIANTS });

  constructor(
    document: DocumentNode,
    definition: OperationDefinitionNode,
    rootType: GraphQLObjectType,
    context: CompileContext,
    conditions: readonly string[],
  ) {
    this.document = document;
    this.definition = definition;
    this.rootType = rootType;
    this.#context = context;
    this.#conditions = conditions;
  }

  get type(): "query" | "mutation" | "subscription" {
    return this.definition.operation;
  }

  get name(): string | null {
    return this.definition.name?.value ?? null;
  }

  /** The operation plan for these variables. */
  plan(variables: VariableValues): Selection {
    const key = this.#conditions.map((name) => stateOf(variables.coerced[name])).join("");
    let selection = this.#variants.get(key);
    if (selection === undefined) {
      selection = compileOperation(this.#context, this.definition, this.rootType, variables);
      this.#variants.set(key, selection);
    }
    return selection;
  }
}

/** Valid documents by their text. */
export class Documents {
  readonly #options: PlannerOptions;
  readonly #known: LRUCache<string, ReadonlyMap<string | null, CompiledOperation>>;
  readonly #leaves = new Map<string, Leaf>();

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#known = new LRUCache({
      max: options.limits.cachedDocuments,
      maxSize: MOST_CHARACTERS,
      sizeCalculation: (_, text) => Math.min(text.length + 1, MOST_CHARACTERS),
    });
  }

  /**
   * The operation of that name, or the only one.
   *
   * @throws PuffError or an array of GraphQLErrors: what is wrong with the document.
   */
  find(text: string, operationName: string | null): CompiledOperation {
    let operations = this.#known.get(text);
    if (operations === undefined) {
      operations = this.#read(text);
      this.#known.set(text, operations);
    }
    const [only, ...others] = operations.values();
    const operation = operationName === null && others.length === 0 ? only : operations.get(operationName);
    if (operation === undefined) {
      throw new PuffError(
        "PUFF_DOCUMENT_INVALID",
        operationName === null
          ? "Must provide operation name if query contains multiple operations."
          : `Unknown operation named "${operationName}".`,
      );
    }
    return operation;
  }

  #read(text: string): Map<string | null, CompiledOperation> {
    const { schema, limits, layerFunctions } = this.#options;
    const { document, operations, fragments } = readDocument(text, this.#options);
    const context = { schema, layerFunctions, fragments, leaves: this.#leaves, limits };
    const conditions = conditionsOf(document);
    const compiled = new Map<string | null, CompiledOperation>();
    for (const definition of operations) {
      const rootType = schema.schema.getRootType(definition.operation);
      if (rootType === undefined || rootType === null) {
        throw new PuffError("PUFF_DOCUMENT_INVALID", `the schema has no ${definition.operation} type`);
      }
      const operation = new CompiledOperation(document, definition, rootType, context, conditions);
      compiled.set(operation.name, operation);
    }
    return compiled;
  }
}

/** A null is refused where a condition reads it, so that it has a variant of its own. */
function stateOf(condition: unknown): string {
  return condition === true ? "1" : condition === false ? "0" : "-";
}

function conditionsOf(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive(directive) {
      if (directive.name.value === "skip" || directive.name.value === "include") {
        for (const { value } of directive.arguments ?? []) {
          if (value.kind === Kind.VARIABLE) {
            names.add(value.name.value);
          }
        }
      }
    },
  });
  return [...names];
}
