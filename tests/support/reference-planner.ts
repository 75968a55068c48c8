/** A Planner made of graphql-js's own executor: the second implementation of the contract, to test HTTP by itself. */
import {
  buildSchema,
  type DocumentNode,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  validate,
} from "graphql";
import type { Caller, OperationResponse, Planner, Prepared, PreparedOperation } from "../../planner/index.ts";

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
      return { body: Buffer.from(JSON.stringify(result)), executed, status: executed ? 200 : 400, headers: {} };
    },
  };
}

function refuse(errors: readonly GraphQLError[]): Prepared {
  const body = Buffer.from(JSON.stringify({ errors: errors.map(({ message }) => ({ message })) }));
  return { kind: "refused", response: { body, executed: false, status: 400, headers: {} } };
}
