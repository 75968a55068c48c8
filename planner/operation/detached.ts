/**
 * Nodes of documents, to be kept when the document itself is let go of. A node of graphql-js holds its tokens, which
 * hold each other and the text: one argument would keep all of it.
 */
import type { ASTNode, FieldNode, GraphQLError, SourceLocation } from "graphql";

/** What a kept node costs, in bytes and about. */
export const BYTES_PER_NODE = 200;

interface Placed {
  readonly place?: SourceLocation;
}

/** A copy of a node and all below it that knows its place in the document and nothing else of it. */
export function detach<T extends ASTNode>(node: T, count: (nodes: number) => void): T {
  count(1);
  const copy: { [key: string]: unknown } = {};
  for (const [key, value] of Object.entries(node)) {
    if (Array.isArray(value)) {
      copy[key] = value.map((item: ASTNode) => detach(item, count));
    } else if (key !== "loc") {
      copy[key] = isNode(value) ? detach(value, count) : value;
    }
  }
  return { ...copy, ...placeOf(node) } as unknown as T; // the same but for its location
}

/** A field without what is selected of it and without its directives. */
export function detachField(
  { kind, name, arguments: given = [], ...field }: FieldNode,
  count: (nodes: number) => void,
): FieldNode {
  count(1);
  return {
    kind,
    name: { kind: name.kind, value: name.value },
    ...(given.length === 0 ? {} : { arguments: given.map((argument) => detach(argument, count)) }),
    ...placeOf(field),
  };
}

/** Where an error lies in the document, whether its nodes were detached or not. */
export function locationsOf({ locations, nodes }: GraphQLError): readonly SourceLocation[] | undefined {
  const places = (nodes ?? []).flatMap(({ place }: ASTNode & Placed) => (place === undefined ? [] : [place]));
  return locations ?? (places.length === 0 ? undefined : places);
}

function placeOf({ loc }: Pick<ASTNode, "loc">): Placed {
  return loc === undefined ? {} : { place: { line: loc.startToken.line, column: loc.startToken.column } };
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "kind" in value;
}
