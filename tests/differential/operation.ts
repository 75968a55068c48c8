/** Random operations over a random world. */
import fc from "fast-check";
import { drawPage } from "./collections.ts";
import { concreteTypes, type Draw, type Relation, type World, type WorldType } from "./world.ts";

export interface RandomOperation {
  readonly text: string;
  readonly variables: { readonly [name: string]: boolean };
}

/** Selections nest at most this deep, so that cyclic worlds end; lists without children may be streamed. */
const DEPTHS = [1, 5, 5, 5];

export function drawOperation(draw: Draw, world: World): RandomOperation {
  const fragments: string[] = [];
  const body = drawSelections(
    "Query",
    draw(() => fc.constantFrom(...DEPTHS)),
  );
  return {
    text: [`query ($yes: Boolean!, $no: Boolean!) ${body}`, ...fragments].join("\n"),
    variables: { yes: true, no: false },
  };

  function drawSelections(typeName: string, depth: number): string {
    const count = draw(() => fc.integer({ min: 1, max: 3 }));
    // The type's name first, so that no selection set is empty and a wrong type shows at once.
    return `{ __typename ${Array.from({ length: count }, () => drawSelection(typeName, depth)).join(" ")} }`;
  }

  function drawSelection(typeName: string, depth: number): string {
    const kind = draw(() => fc.integer({ min: 0, max: 9 }));
    if (kind === 0 && depth > 0) {
      return `...${drawDirective()} ${drawSelections(typeName, depth - 1)}`;
    }
    if (kind <= 2 && depth > 0) {
      const condition = drawCondition(typeName);
      if (condition !== null) {
        return drawFragment(condition, depth);
      }
    }
    const type = world.types.find(({ name }) => name === typeName);
    const relations = typeName === "Query" ? world.root : (type?.relations ?? []);
    if (relations.length > 0 && depth > 0 && (kind >= 6 || typeName === "Query")) {
      return drawRelation(
        draw(() => fc.constantFrom(...relations)),
        depth,
      );
    }
    return drawLeaf(typeName, type);
  }

  function drawRelation(relation: Relation, depth: number): string {
    const index = draw(() => fc.integer({ min: 0, max: 2 }));
    const alias = ["", `x_${relation.name}:`, `y_${relation.name}:`][index] ?? "";
    const select = () => drawSelections(relation.target, depth - 1);
    const { form, args } = relation.collection ?? { form: "list", args: [] };
    const field = `${alias}${relation.name}${args[index] ?? ""}${drawDirective()}`;
    return `${field} ${form === "list" ? select() : drawPage(draw, form, select)}`;
  }

  function drawLeaf(typeName: string, type: WorldType | undefined): string {
    if (typeName === "Node") {
      return `k1${drawDirective()}`;
    }
    if (type === undefined) {
      return `t_${typeName}:__typename${drawDirective()}`;
    }
    const names = ["k0", "k1", ...type.leaves.map(({ name }) => name), ...(type.method ? [`${type.name}_method`] : [])];
    const name = draw(() => fc.constantFrom(...names));
    return `${draw(() => fc.constantFrom("", "", `z_${name}:`))}${name}${drawDirective()}`;
  }

  function drawFragment(condition: string, depth: number): string {
    const selections = drawSelections(condition, depth - 1);
    if (draw(() => fc.boolean())) {
      return `... on ${condition}${drawDirective()} ${selections}`;
    }
    const name = `F${fragments.length}`;
    fragments.push(`fragment ${name} on ${condition} ${selections}`);
    return `...${name}${drawDirective()}`;
  }

  /** A type that the objects may have: a narrower or a wider one. */
  function drawCondition(typeName: string): string | null {
    const candidates = [
      ...concreteTypes(world, typeName).map(({ name }) => name),
      ...(world.types.find(({ name }) => name === typeName)?.implementsNode === true ? ["Node"] : []),
    ];
    return candidates.length === 0 ? null : draw(() => fc.constantFrom(...candidates));
  }

  function drawDirective(): string {
    const kind = draw(() => fc.integer({ min: 0, max: 11 }));
    return [" @include(if: $yes)", " @skip(if: $yes)", " @include(if: false)", " @skip(if: $no)"][kind] ?? "";
  }
}
