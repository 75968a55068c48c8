/** The query that the editor offers first: one that the schema at hand answers. */
import {
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from "graphql";

/**
 * Asks for the schema's first list with its leaves; where there is no list, for the first field. Fields with required
 * arguments are left out: only the reader knows values for them.
 *
 * @example firstQuery(buildSchema("type Query { posts: [Post] } type Post { id: ID, title: String }"));
 * // "{\n  posts {\n    id\n    title\n  }\n}\n"
 */
export function firstQuery(schema: GraphQLSchema): string {
  const fields = callableFields(schema.getQueryType());
  const field = fields.find(({ type }) => isListType(getNullableType(type))) ?? fields[0];
  if (field === undefined) {
    return "{\n  __typename\n}\n";
  }
  const type = getNamedType(field.type);
  if (isLeafType(type)) {
    return `{\n  ${field.name}\n}\n`;
  }
  const leaves = callableFields(type).filter((child) => isLeafType(getNamedType(child.type)));
  const names = leaves.length > 0 ? leaves.map(({ name }) => name) : ["__typename"];
  return `{\n  ${field.name} {\n${names.map((name) => `    ${name}\n`).join("")}  }\n}\n`;
}

function callableFields(type: unknown): GraphQLField<unknown, unknown>[] {
  const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
  return fields.filter(({ args }) => !args.some(isRequiredArgument));
}
