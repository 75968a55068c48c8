/** From a document's text to a valid document, in time that is bounded by the text. */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  Lexer,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  OverlappingFieldsCanBeMergedRule,
  parse,
  Source,
  specifiedRules,
  TokenKind,
  validate,
} from "graphql";
import { PuffError } from "../../schema/index.ts";
import type { PlannerOptions } from "../contract/planner.ts";
import { finiteNumbersRule } from "./finite-numbers.ts";
import { budget, checkDocument, tooManyLevels } from "./limits.ts";
import { findOverlap } from "./overlapping-fields.ts";

/** A valid document's definitions. */
export interface ReadDocument {
  readonly document: DocumentNode;
  readonly operations: readonly OperationDefinitionNode[];
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/** Errors that are told of a document at most: each names the document's own texts again. */
const MOST_ERRORS = 20;

/** Errors that suggest other names ("Did you mean …") at most. */
const MOST_SUGGESTIONS = 5;

/** Looking for overlapping fields visits a field again for each object type that its neighbours are asked of. */
const OVERLAP_FACTOR = 2;

/**
 * Parses and validates.
 *
 * @throws PuffError or an array of GraphQLErrors: what is wrong with the document.
 */
export function readDocument(text: string, options: PlannerOptions): ReadDocument {
  const read = sort(parseDocument(text, options.limits.tokens));
  checkDocument(read.document, options.limits);
  validateDocument(read, options);
  return read;
}

/** Parses a text again that was found to be valid. */
export function reparse(text: string): ReadDocument {
  return sort(parse(text));
}

function sort(document: DocumentNode): ReadDocument {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    } else if (definition.kind === Kind.OPERATION_DEFINITION) {
      operations.push(definition);
    }
  }
  return { document, operations, fragments };
}

function parseDocument(text: string, maxTokens: number): DocumentNode {
  try {
    return parse(text, { maxTokens });
  } catch (error) {
    if (error instanceof RangeError) {
      throw tooManyLevels(); // the parser calls itself for each
    }
    if (error instanceof GraphQLError && isPastTokens(text, maxTokens, error.positions?.[0])) {
      throw new PuffError("PUFF_TOO_MANY_TOKENS", `the document has more than ${maxTokens} tokens`, {
        remedy: "Ask for less at once, or raise limits.tokens.",
      });
    }
    throw [error];
  }
}

/** Whether the parser failed at the first token past the most: it says so in words alone. */
function isPastTokens(text: string, maxTokens: number, position: number | undefined): boolean {
  const lexer = new Lexer(new Source(text));
  try {
    for (let token = 0; token < maxTokens; token++) {
      lexer.advance();
    }
    const { kind, start } = lexer.advance();
    return kind !== TokenKind.EOF && start === position;
  } catch {
    return false; // it failed before, at something that is not a token
  }
}

function validateDocument(
  { document, operations, fragments }: ReadDocument,
  { schema, limits, introspection, suggestions }: PlannerOptions,
): void {
  const rules = [...specifiedInTime, finiteNumbersRule(schema.baseScalars)];
  const validateWith = (hideSuggestions: boolean) =>
    validate(schema.schema, document, rules, { hideSuggestions, maxErrors: MOST_ERRORS });
  let errors = validateWith(true);
  if (suggestions && errors.length > 0 && errors.length <= MOST_SUGGESTIONS) {
    errors = validateWith(false); // each costs a look at all names of the schema
  }
  if (errors.length > 0) {
    throw errors.map(explainParts);
  }
  if (!introspection && validate(schema.schema, document, [NoSchemaIntrospectionCustomRule]).length > 0) {
    throw new PuffError("PUFF_INTROSPECTION_OFF", "the schema can't be queried here: introspection is off");
  }
  const spend = budget(limits, OVERLAP_FACTOR * limits.fields);
  for (const operation of operations) {
    const overlap = findOverlap({ schema: schema.schema, fragments, spend }, operation);
    if (overlap !== null) {
      throw [overlap];
    }
  }
}

/** Clients know these directives from other servers, and their users what is to be done. */
function explainParts(error: GraphQLError): GraphQLError {
  const name = /^Unknown directive "@(defer|stream)"/.exec(error.message)?.[1];
  const { nodes, message } = error;
  return name === undefined
    ? error
    : new GraphQLError(`${message} Responses are not delivered in parts: send the operation without @${name}.`, {
        nodes,
      });
}

/** Those of the specification; overlapping fields are looked for apart, since graphql-js takes quadratic time for them. */
const specifiedInTime = specifiedRules.filter((rule) => rule !== OverlappingFieldsCanBeMergedRule);
