import { type FloatValueNode, GraphQLError, getNamedType, type IntValueNode, type ValidationRule } from "graphql";

/**
 * The rule that literals such as `1e400` are not Floats: graphql-js reads them as Infinity, though it refuses that among
 * the variables.
 *
 * @param baseScalars - from each scalar to the built-in one whose form its values have
 */
export function finiteNumbersRule(baseScalars: ReadonlyMap<string, string>): ValidationRule {
  return (context) => {
    const check = (node: FloatValueNode | IntValueNode): void => {
      const type = getNamedType(context.getInputType());
      if (type !== undefined && baseScalars.get(type.name) === "Float" && !Number.isFinite(Number(node.value))) {
        const shown = node.value.length > 100 ? `${node.value.slice(0, 100)}…` : node.value;
        const message = `${type.name} cannot represent non-finite number: ${shown}`;
        context.reportError(new GraphQLError(message, { nodes: node }));
      }
    };
    return { FloatValue: check, IntValue: check };
  };
}
