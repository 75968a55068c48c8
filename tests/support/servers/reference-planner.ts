/** A Planner made of graphql-js's own executor: the second implementation of the contract, to test HTTP by itself. */
import {
  buildSchema,
  type DocumentNode,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  subscribe,
  validate,
} from "graphql";
import type {
  Authenticated,
  Caller,
  OperationResponse,
  Planner,
  Prepared,
  PreparedOperation,
} from "../../../planner/index.ts";

interface ReferenceOperation extends PreparedOperation {
  readonly document: DocumentNode;
}

/** What a resolver of the reference schema sees besides its arguments. */
export interface ReferenceContext {
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

type RootValue = { readonly [field: string]: (args: never, context: ReferenceContext) => unknown };

/** Runs operations on a schema in SDL whose root fields are functions of `root`. */
export function createReferencePlanner(sdl: string, root: RootValue): Planner {
  const schema: GraphQLSchema = buildSchema(sdl);
  return {
    schema,
    prepare(query, operationName): Prepared {
      let document: DocumentNode;
      try {
        document = parse(query);
      } catch (error) {
        return refuse([error as GraphQLError]); // parse throws nothing else
      }
      const errors = validate(schema, document);
      const operation = getOperationAST(document, operationName);
      if (errors.length > 0 || !operation) {
        return refuse(errors.length > 0 ? errors : [new Error("which operation?") as GraphQLError]);
      }
      const prepared: ReferenceOperation = {
        type: operation.operation,
        name: operation.name?.value ?? null,
        document,
      };
      return { kind: "operation", operation: prepared };
    },
    async authenticate(caller): Promise<Authenticated> {
      const { token, seconds = Number(caller.headers["x-seconds"] ?? Number.NaN) } = caller.connectionParams ?? {};
      if (token === "wrong") {
        return refuse([new Error("Who are you?") as GraphQLError]);
      }
      return {
        kind: "caller",
        caller,
        expires: typeof seconds === "number" && !Number.isNaN(seconds) ? Date.now() + seconds * 1000 : null,
      };
    },
    async execute(operation, variables, caller, { signal }): Promise<OperationResponse> {
      const { document, name } = operation as ReferenceOperation; // made by prepare above
      const contextValue: ReferenceContext = { caller, signal };
      const result = await execute({
        schema,
        document,
        operationName: name,
        variableValues: variables,
        rootValue: root,
        contextValue,
      });
      const executed = "data" in result;
      return {
        body: Buffer.from(JSON.stringify(result)),
        rest: null,
        executed,
        status: executed ? 200 : 400,
        headers: {},
      };
    },
    async subscribe(operation, variables, caller, { signal }) {
      const { document, name } = operation as ReferenceOperation; // made by prepare above
      const contextValue: ReferenceContext = { caller, signal };
      const results = await subscribe({
        schema,
        document,
        operationName: name,
        variableValues: variables,
        rootValue: root,
        contextValue,
      });
      if (!(Symbol.asyncIterator in results)) {
        const body = Buffer.from(JSON.stringify(results));
        return { kind: "refused", response: { body, rest: null, executed: false, status: 400, headers: {} } };
      }
      return { kind: "stream", answers: bodiesOf(results) };
    },
  };
}

function refuse(errors: readonly GraphQLError[]): Refusal {
  const body = Buffer.from(JSON.stringify({ errors: errors.map(({ message }) => ({ message })) }));
  return { kind: "refused", response: { body, rest: null, executed: false, status: 400, headers: {} } };
}

type Refusal = Extract<Prepared, { kind: "refused" }>;

/** Not a generator, since one that waits for its next value does not heed `return`. */
function bodiesOf(results: AsyncIterableIterator<unknown>): AsyncIterableIterator<Buffer> {
  return {
    async next() {
      const { done, value } = await results.next();
      return done === true ? { done, value: undefined } : { done: false, value: Buffer.from(JSON.stringify(value)) };
    },
    async return() {
      await results.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
