/** Which operations have a program, and why others have none: the one place that decides it. */
import type { ResolveResult, SqlPlan, TypedText } from "../../schema/index.ts";
import type { Column } from "../bytes/rows.ts";
import type { Page } from "../collections/compose.ts";
import { isPage } from "../collections/page-rows.ts";
import type { ObjectPlan } from "../contract/operation-plan.ts";
import { partOf } from "../contract/page-parts.ts";
import type { Catalogue } from "../database/catalogue.ts";
import type { Statement } from "../database/database.ts";
import type { BoundStatement } from "../fuse/bound-statement.ts";
import type { Fuser } from "../fuse/fuse.ts";
import type { FusedShape } from "../fuse/fused-statement.ts";
import type { Narrower } from "../fuse/narrow.ts";
import type { Equality } from "../layers/equality.ts";
import type { Plans } from "../layers/plans.ts";
import { Failed } from "../layers/values.ts";
import { hasResolvers } from "../resolve/selections.ts";
import { ProgramBuilder, type StatementLayer, UnknownType, Unserved } from "./build.ts";
import { Program } from "./program.ts";

/** A program, and the statement that brings its rows. */
export interface ReadyProgram {
  readonly program: Program;
  readonly statement: Statement;
  /** What the request asks of its pages, by the number of their layer. */
  readonly pages: readonly (Page | null)[];
  /** Learns of the numbers that its answer counted how the next statement is best written; null: nothing. */
  readonly learn: ((countOf: (layer: number) => number | null) => void) | null;
}

/** Programs made for one operation plan at most: one whose statement changes from request to request has none. */
const mostPrograms = 16;
/** Answers in a row that a program could not write, after which another is tried, whose keys may have many digits. */
const mostMisses = 4;

/** What is known of statements, types and keys. */
interface Knowledge {
  readonly fuser: Fuser;
  readonly narrower: Narrower;
  readonly catalogue: Catalogue;
  readonly equality: Equality;
}

export class Programs {
  /** Told of each run: whether the program wrote the answer. */
  readonly ran: (served: boolean) => void;
  readonly #fuser: Fuser;
  readonly #narrower: Narrower;
  readonly #catalogue: Catalogue;
  readonly #equality: Equality;
  /** By what their statement was run as last; a text: why there is none. */
  readonly #known = new WeakMap<object, Program | string>();
  readonly #made = new WeakMap<ObjectPlan, number>();

  constructor({ fuser, narrower, catalogue, equality }: Knowledge, ran: (served: boolean) => void) {
    this.ran = ran;
    this.#equality = equality;
    this.#fuser = fuser;
    this.#narrower = narrower;
    this.#catalogue = catalogue;
  }

  /** The program for a root object whose fields have these plans; a text: why there is none. */
  find(root: ObjectPlan, plans: Plans, scope: string): ReadyProgram | string {
    const roots = rootsOf(root, plans);
    if (typeof roots === "string") {
      return roots;
    }
    for (const plan of plans.values()) {
      if ("denied" in plan && plan.denied !== undefined) {
        return "there are fields that the caller may not have";
      }
    }
    const recalled = this.#recall(scope, roots, plans);
    if (recalled === null) {
      return "its statement has not been run yet, or another has since";
    }
    if (typeof recalled === "string") {
      return recalled;
    }
    const { last, layers, fits, statement, learn } = recalled;
    const known = this.#known.get(last);
    const isMissed = known instanceof Program && known.misses >= mostMisses;
    const program = known === undefined || isMissed ? this.#make(root, layers, fits, isMissed) : known;
    if (program === null) {
      return "its columns are of types that Postgres has not been asked about";
    }
    this.#known.set(last, program);
    if (typeof program === "string") {
      return program;
    }
    if (program.comparesTexts && !this.#equality.areTextsDistinct) {
      return "its keys are texts, and Postgres was not asked lately whether a collation takes different ones for equal, or one does";
    }
    const pages = layers.map(({ step }) => pageOf(plans.get(step)));
    return { program, statement, pages, learn };
  }

  #recall(scope: string, roots: readonly BoundStatement[], plans: Plans): RecalledLayers | string | null {
    const fused = this.#fuser.recall(scope, roots, plans);
    if (fused !== null) {
      const { nodes, shape } = fused.last;
      return {
        ...fused,
        layers: nodes.map((node, index) => ({ ...node, columns: shape.columnsOf(index).slice(1) })),
        fits: fitsShape(shape),
        learn: shape.learns ? (countOf) => shape.learnCounts(countOf) : null,
      };
    }
    const [bound, another] = roots;
    if (bound === undefined || another !== undefined || hasResolvers(bound.step)) {
      return null;
    }
    const alone = this.#narrower.recall(scope, bound);
    return alone === null
      ? null
      : {
          ...alone,
          layers: [{ step: bound.step, plan: bound.plan, columns: alone.last.columns, parent: null }],
          fits: fitsColumns(alone.last.columns),
          learn: null,
        };
  }

  /** Null: not now. */
  #make(root: ObjectPlan, layers: readonly StatementLayer[], fits: Fits, isMissed: boolean): Program | string | null {
    const made = (this.#made.get(root) ?? 0) + 1;
    this.#made.set(root, made);
    if (made > mostPrograms) {
      return "its statement changes from request to request, or its rows are seldom for one";
    }
    try {
      const builder = new ProgramBuilder(layers, this.#catalogue, !isMissed);
      return new Program(builder.root(root), builder.nodes, fits, builder);
    } catch (error) {
      if (error instanceof UnknownType) {
        return null;
      }
      if (error instanceof Unserved) {
        return error.message;
      }
      if (error instanceof EvalError) {
        return "the process may not make code of texts";
      }
      throw error;
    }
  }
}

interface RecalledLayers {
  /** What the statement was run as last. */
  readonly last: object;
  readonly statement: Statement;
  readonly layers: readonly StatementLayer[];
  readonly fits: Fits;
  readonly learn: ReadyProgram["learn"];
}

type Fits = (columns: readonly Column[]) => boolean;

function pageOf(plan: ResolveResult | Failed | undefined): Page | null {
  return plan !== undefined && isPage(plan) ? plan.page : null;
}

/** The root's statements; a text: why they are not all there is. */
function rootsOf({ steps }: ObjectPlan, plans: Plans): BoundStatement[] | string {
  const roots: BoundStatement[] = [];
  for (const step of steps) {
    if (step.source.kind === "typename") {
      continue;
    }
    if (step.sameRow) {
      const parts = step.selection?.only ? rootsOf(step.selection.only, plans) : [];
      if (typeof parts === "string") {
        return parts;
      }
      roots.push(...parts);
      continue;
    }
    const plan = plans.get(step);
    if (plan === undefined && partOf(step) === "pageInfo") {
      continue; // its list tells it
    }
    if (plan === undefined || plan instanceof Failed || plan.kind !== "sql") {
      return `${step.name} is not answered by SQL`;
    }
    if (!hasOnlyValues(plan)) {
      return `${step.name} has symbols of a parent, which a root has not`;
    }
    roots.push({ step, plan, params: plan.params as readonly TypedText[] }); // as was asked
  }
  return roots.length === 0 ? "it asks for nothing that is in a database" : roots;
}

function hasOnlyValues({ params, parentKeys }: SqlPlan): boolean {
  return parentKeys.length === 0 && params.every((param) => !("parent" in param));
}

// Apart from what knows a request's values, which a program must not hold.

function fitsShape(shape: FusedShape): Fits {
  const width = shape.columnsOf(0).length;
  return (columns) => columns.length === width && shape.fits(columns);
}

function fitsColumns(own: readonly Column[]): Fits {
  return (columns) =>
    own.length === columns.length &&
    own.every(({ name, oid }, index) => name === columns[index]?.name && oid === columns[index]?.oid);
}
