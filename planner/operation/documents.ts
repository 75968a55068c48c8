/** Documents: parsed and validated once, compiled on demand, kept while they are in use. */
import {
  type DocumentNode,
  type GraphQLObjectType,
  Kind,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
  visit,
} from "graphql";
import { LRUCache } from "lru-cache";
import { PuffError } from "../../schema/index.ts";
import type { Leaf } from "../bytes/leaves.ts";
import type { Selection, VariableValues } from "../contract/operation-plan.ts";
import type { PlannerOptions, PreparedOperation } from "../contract/planner.ts";
import { type CompileContext, type Compiled, compileOperation } from "./compile.ts";
import { BYTES_PER_NODE, detach } from "./detached.ts";
import { type ReadDocument, readDocument, reparse } from "./read-document.ts";

/** Bytes, about, of the documents' texts and variables, and of the operation plans, that are kept. */
const MOST_DOCUMENT_BYTES = 20_000_000;
const MOST_PLAN_BYTES = 80_000_000;

/** What is kept, about, of an operation beside its variables, and of a field of an operation plan. */
const BYTES_PER_OPERATION = 1000;
const BYTES_PER_STEP = 1000;

/** Operation plans by operation and by the values of what decides which fields are left out. */
class Plans {
  readonly #context: CompileContext;
  readonly #known: LRUCache<string, Compiled>;

  constructor(context: CompileContext, most: number) {
    this.#context = context;
    this.#known = new LRUCache({
      max: most,
      maxSize: MOST_PLAN_BYTES,
      sizeCalculation: ({ steps, nodes }) =>
        Math.min(MOST_PLAN_BYTES, 1 + steps * BYTES_PER_STEP + nodes * BYTES_PER_NODE),
    });
  }

  get(key: string): Selection | undefined {
    return this.#known.get(key)?.selection;
  }

  make(
    key: string,
    { fragments }: ReadDocument,
    definition: OperationDefinitionNode,
    rootType: GraphQLObjectType,
    variables: VariableValues,
  ): Selection {
    const compiled = compileOperation(this.#context, fragments, definition, rootType, variables);
    this.#known.set(key, compiled);
    return compiled.selection;
  }
}

/** Tells the operations of one process from each other. */
let operationCount = 0;

/** An operation of a valid document, compiled on demand. The document itself is let go of, and parsed again if need be. */
export class CompiledOperation implements PreparedOperation {
  readonly type: "query" | "mutation" | "subscription";
  readonly name: string | null;
  readonly variableDefinitions: readonly VariableDefinitionNode[];
  /** What its variables keep, about. */
  readonly bytes: number;
  /** Size of the last answer: where the next one's buffer starts. */
  sizeHint = 1024;
  readonly #id = `${operationCount++}:`;
  /** Of its document. */
  readonly text: string;
  readonly #document: WeakRef<ReadDocument>;
  readonly #rootType: GraphQLObjectType;
  readonly #plans: Plans;
  /** Variables that decide which fields are left out. */
  readonly #conditions: readonly string[];

  constructor(
    text: string,
    document: ReadDocument,
    definition: OperationDefinitionNode,
    rootType: GraphQLObjectType,
    conditions: readonly string[],
    plans: Plans,
  ) {
    let nodes = 0;
    this.type = definition.operation;
    this.name = definition.name?.value ?? null;
    this.variableDefinitions = (definition.variableDefinitions ?? []).map((variable) =>
      detach(variable, (count) => {
        nodes += count;
      }),
    );
    this.bytes = BYTES_PER_OPERATION + nodes * BYTES_PER_NODE;
    this.text = text;
    this.#document = new WeakRef(document);
    this.#rootType = rootType;
    this.#conditions = conditions;
    this.#plans = plans;
  }

  /** The operation plan for these variables where it is there already. */
  known(variables: VariableValues): Selection | undefined {
    return this.#plans.get(this.#keyOf(variables));
  }

  /**
   * The operation plan for these variables.
   *
   * @throws PuffError `PUFF_TOO_MANY_FIELDS`; a GraphQLError: a variable that decides has no value.
   */
  plan(variables: VariableValues): Selection {
    const key = this.#keyOf(variables);
    const known = this.#plans.get(key);
    if (known !== undefined) {
      return known;
    }
    const document = this.#document.deref() ?? reparse(this.text);
    const definition = document.operations.find(({ name }) => (name?.value ?? null) === this.name);
    if (definition === undefined) {
      throw new TypeError("a document lost its operation while it was parsed again");
    }
    return this.#plans.make(key, document, definition, this.#rootType, variables);
  }

  #keyOf({ coerced }: VariableValues): string {
    return this.#conditions.reduce((key, name) => key + stateOf(coerced[name]), this.#id);
  }
}

/** Valid documents by their text. */
export class Documents {
  readonly #options: PlannerOptions;
  readonly #known: LRUCache<string, ReadonlyMap<string | null, CompiledOperation>>;
  readonly #plans: Plans;

  constructor(options: PlannerOptions) {
    const { schema, layerFunctions, limits } = options;
    this.#options = options;
    this.#plans = new Plans(
      { schema, layerFunctions, limits, leaves: new Map<string, Leaf>() },
      PLANS_PER_DOCUMENT * limits.cachedDocuments,
    );
    this.#known = new LRUCache({
      max: limits.cachedDocuments,
      maxSize: MOST_DOCUMENT_BYTES,
      sizeCalculation: (operations, text) => {
        const bytes = [...operations.values()].reduce((sum, operation) => sum + operation.bytes, 2 * text.length);
        return Math.min(bytes, MOST_DOCUMENT_BYTES);
      },
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
          : `Unknown operation named "${operationName.slice(0, LONGEST_NAME)}".`,
      );
    }
    return operation;
  }

  #read(text: string): Map<string | null, CompiledOperation> {
    const read = readDocument(text, this.#options);
    const conditions = conditionsOf(read.document);
    const compiled = new Map<string | null, CompiledOperation>();
    for (const definition of read.operations) {
      const rootType = this.#options.schema.schema.getRootType(definition.operation);
      if (rootType === undefined || rootType === null) {
        throw new PuffError("PUFF_DOCUMENT_INVALID", `the schema has no ${definition.operation} type`);
      }
      const operation = new CompiledOperation(text, read, definition, rootType, conditions, this.#plans);
      compiled.set(operation.name, operation);
    }
    return compiled;
  }
}

/** Operation plans kept for each document at most, on average: variants differ in `@skip` and `@include`. */
const PLANS_PER_DOCUMENT = 4;

/** Characters of a name that its message has room for. */
const LONGEST_NAME = 200;

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
