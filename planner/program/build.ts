/** What a program is made of: the layers of a statement, each with the places of what is read of its rows. */
import type { PagePart, SqlPlan } from "../../schema/index.ts";
import type { BytesWriter, Leaf } from "../bytes/leaves.ts";
import type { Column } from "../bytes/rows.ts";
import { isPage } from "../collections/page-rows.ts";
import type { FieldStep, ObjectPlan, Selection } from "../contract/operation-plan.ts";
import { partOf, termsOf } from "../contract/page-parts.ts";
import type { Catalogue } from "../database/catalogue.ts";
import { leafColumn } from "../layers/leaf-data.ts";
import { isIntegerOid, OID } from "../types/oids.ts";
import type {
  ProgramCursor,
  ProgramFact,
  ProgramFacts,
  ProgramField,
  ProgramKey,
  ProgramLeaf,
  ProgramNode,
  ProgramPart,
  ProgramType,
} from "./nodes.ts";

/** A layer of a statement. */
export interface StatementLayer {
  readonly step: FieldStep;
  readonly plan: SqlPlan;
  /** Of its rows, the tag left out; those without a name are NULL. */
  readonly columns: readonly Column[];
  /** Null: it is a root. */
  readonly parent: { readonly step: FieldStep } | null;
}

/** Why an operation has no program. */
export class Unserved extends Error {}

/** A type that Postgres has not been asked about yet. */
export class UnknownType extends Error {}

export class ProgramBuilder {
  readonly #layers: ReadonlyMap<FieldStep, { readonly layer: StatementLayer; readonly index: number }>;
  readonly #catalogue: Catalogue;
  readonly #nodes = new Map<FieldStep, ProgramNode>();
  /** Writers of leaves that are not plain copies. */
  readonly others: BytesWriter[] = [];
  /** Whether keys are texts, which are equal where no collation says otherwise. */
  comparesTexts = false;

  readonly #shortKeys: boolean;

  /** `shortKeys`: whether integer keys have few digits. */
  constructor(layers: readonly StatementLayer[], catalogue: Catalogue, shortKeys: boolean) {
    this.#shortKeys = shortKeys;
    this.#layers = new Map(layers.map((layer, index) => [layer.step, { layer, index }]));
    this.#catalogue = catalogue;
  }

  /** In the order of their tags. */
  get nodes(): readonly ProgramNode[] {
    return [...this.#nodes.values()].toSorted((one, other) => one.index - other.index);
  }

  /**
   * The root object's fields.
   *
   * @throws Unserved
   */
  root(plan: ObjectPlan): readonly ProgramField[] {
    const fields = this.#fieldsOf(plan, null);
    if (this.#nodes.size !== this.#layers.size) {
      throw new Unserved("its statement has layers that no field shows");
    }
    return fields;
  }

  #fieldsOf(plan: ObjectPlan, parent: StatementLayer | null): readonly ProgramField[] {
    const { typeName } = plan;
    return plan.steps.map((step): ProgramField => {
      const { key, source, shape } = step;
      switch (source.kind) {
        case "typename":
          return { key, value: JSON.stringify(typeName) };
        case "resolver":
          return { key, value: step.sameRow ? this.#partsOf(step, parent) : this.#nodeOf(step, parent) };
        case "page":
          return { key, value: this.#pagePartOf(step, source.part, parent, plan) };
        case "column":
          if (parent === null || shape.kind !== "leaf") {
            throw new Unserved(`${step.name} has parts, and is read of a column`);
          }
          return { key, value: this.#leafOf(parent, placeOf(parent, source.column), shape.leaf, shape.nonNull, step) };
        default:
          throw new Unserved(`${step.name} is not read of a column`);
      }
    });
  }

  /** What is the parent's row under another name. */
  #partsOf(step: FieldStep, parent: StatementLayer | null): ProgramPart {
    return { parts: this.#fieldsOf(onlyPlan(step, step.selection?.only), parent) };
  }

  #pagePartOf(step: FieldStep, part: PagePart, parent: StatementLayer | null, page: ObjectPlan): ProgramField["value"] {
    switch (part) {
      case "row":
        return this.#partsOf(step, parent);
      case "items":
      case "edges":
      case "totalCount":
      case "aggregates":
      case "groups":
        return this.#nodeOf(step, parent);
      case "cursor":
        return this.#cursorOf(step, parent);
      case "pageInfo":
        return this.#factsOf(step, parent, page);
    }
  }

  #cursorOf(step: FieldStep, layer: StatementLayer | null): ProgramCursor {
    const terms = layer === null ? [] : termsOf(layer.plan);
    if (layer === null || terms.length === 0) {
      throw new Unserved(`${step.name} has no place in an order`);
    }
    return { terms: terms.map((term) => this.#placeOfTerm(layer, term, step)) };
  }

  #placeOfTerm(layer: StatementLayer, term: string, step: FieldStep): number {
    const place = placeOf(layer, term);
    if (place === -1) {
      throw new Unserved(`${step.name} has no column`);
    }
    return place;
  }

  /** What a connection's page says of itself, as its first list tells it. */
  #factsOf(step: FieldStep, parent: StatementLayer | null, page: ObjectPlan): ProgramFacts {
    const list = page.steps.find((other) => partOf(other) === "items" || partOf(other) === "edges");
    const layer = list === undefined ? undefined : this.#layers.get(list)?.layer;
    if (list === undefined || layer === undefined) {
      throw new Unserved(`${step.name} tells of rows that nobody shows`);
    }
    const { steps, typeName } = onlyPlan(step, step.selection?.only);
    const fields = steps.map(({ key, source }): ProgramFacts["facts"][number] => ({
      key,
      fact: source.kind === "column" ? (source.column as ProgramFact) : { json: JSON.stringify(typeName) }, // of PageInfo
    }));
    const terms = termsOf(layer.plan).map((term) => this.#placeOfTerm(layer, term, step));
    return { facts: fields, terms, list: this.#nodeOf(list, parent) };
  }

  #nodeOf(step: FieldStep, parent: StatementLayer | null): ProgramNode {
    const known = this.#nodes.get(step);
    if (known !== undefined) {
      return known; // a page's facts come before its list
    }
    const { shape, selection } = step;
    const { layer, index } = this.#layers.get(step) ?? {};
    if (layer === undefined || index === undefined || (layer.parent?.step ?? null) !== (parent?.step ?? null)) {
      throw new Unserved(`${step.name} has a statement of its own`);
    }
    const { plan, columns } = layer;
    if (isPage(plan) && plan.page.backward) {
      throw new Unserved(`${step.name} shows its rows in another order than its statement gives`);
    }
    const item = shape.kind === "list" ? shape.item : shape;
    if (item.kind === "list") {
      throw new Unserved(`${step.name} is a list of lists`);
    }
    const own = {
      index,
      key: parent === null ? null : this.#keyOf(layer, parent),
      columns: columns.map(({ name }) => name !== ""),
      list: shape.kind === "list",
      isPaged: isPage(plan) && (plan.page.looksAhead || termsOf(plan).length > 0),
      isCut: isPage(plan) && plan.page.looksAhead,
      lack: lackOf(step, plan),
    };
    const node =
      item.kind === "leaf"
        ? { ...own, fields: this.#leafNode(layer, item.leaf, item.nonNull) }
        : { ...own, fields: this.#objectFields(step, selection, layer) };
    this.#nodes.set(step, node);
    return node;
  }

  #objectFields(step: FieldStep, selection: Selection | null, layer: StatementLayer): ProgramNode["fields"] {
    if (selection === null || selection.only !== null) {
      return this.#fieldsOf(onlyPlan(step, selection?.only), layer);
    }
    const { typeColumn, typeNames } = layer.plan;
    const place = placeOf(layer, typeColumn);
    const { size } = selection.byType;
    if (size === 0 || (place === -1 && size > 1)) {
      throw new Unserved(`${step.name} is of types that no column tells`);
    }
    const types = [...selection.byType].map(([typeName, plan]): ProgramType => {
      const given = Object.entries(typeNames ?? {}).flatMap(([text, name]) => (name === typeName ? [text] : []));
      const isItself = typeNames === null || !Object.hasOwn(typeNames, typeName);
      const texts = isItself ? [...given, typeName] : given;
      return { texts, isDefault: size === 1, fields: this.#fieldsOf(plan, layer) };
    });
    return { column: place === -1 ? null : place, types };
  }

  /** Null: each parent has all rows. */
  #keyOf({ plan, step, ...own }: StatementLayer, parent: StatementLayer): ProgramKey | null {
    const [parentKey, anotherKey] = plan.parentKeys;
    if (parentKey === undefined && !isPage(plan) && partOf(step) === null) {
      return null;
    }
    if (parentKey === undefined || anotherKey !== undefined) {
      throw new Unserved(`${step.name} belongs to its parents by ${plan.parentKeys.length} keys`);
    }
    const key = { parent: placeOf(parent, parentKey), child: placeOf(own, plan.childKeys[0] ?? "") };
    const [one, other] = [parent.columns[key.parent]?.oid ?? 0, own.columns[key.child]?.oid ?? 0];
    const areIntegers = isIntegerOid(one) && isIntegerOid(other);
    if (isText(one) && isText(other)) {
      this.comparesTexts = true;
    } else if (!areIntegers && (one !== OID.uuid || other !== OID.uuid)) {
      throw new Unserved(`${step.name} belongs to its parents by a key that is not an integer, a text or a UUID`);
    }
    return { ...key, isShort: areIntegers && this.#shortKeys };
  }

  #leafNode(layer: StatementLayer, leaf: Leaf, nonNull: boolean): ProgramLeaf {
    const { columns, plan, step } = layer;
    const column = leafColumn(columns, plan.childKeys, step.definition.name);
    if (column === null) {
      throw new Unserved(`${step.name} has no column`);
    }
    return this.#leafOf(layer, columns.indexOf(column), leaf, nonNull, step);
  }

  #leafOf({ columns }: StatementLayer, place: number, leaf: Leaf, nonNull: boolean, step: FieldStep): ProgramLeaf {
    const column = columns[place];
    if (column === undefined) {
      throw new Unserved(`${step.name} has no column`);
    }
    if (this.#catalogue.lacks([column])) {
      throw new UnknownType();
    }
    const type = this.#catalogue.of(column.oid);
    const form = leaf.formFor(type) ?? this.others.push(leaf.writerFor(type)) - 1;
    return { column: place, form, nonNull };
  }
}

/** Padded ones are equal where their bytes are not. */
function isText(oid: number): boolean {
  return oid === OID.text || oid === OID.varchar;
}

function lackOf(step: FieldStep, plan: SqlPlan): ProgramNode["lack"] {
  if (partOf(step) === "totalCount") {
    return "zero";
  }
  return step.shape.nonNull || ("absent" in plan && plan.absent !== undefined) ? "left" : "null";
}

function onlyPlan(step: FieldStep, plan: ObjectPlan | null | undefined): ObjectPlan {
  if (plan === null || plan === undefined) {
    throw new Unserved(`${step.name} is an interface or a union`);
  }
  return plan;
}

/** The last, where several columns have the name, as everywhere. */
function placeOf({ columns }: Pick<StatementLayer, "columns">, name: string): number {
  return columns.findLastIndex((column) => column.name === name);
}
