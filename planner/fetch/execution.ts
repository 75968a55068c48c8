/** What all layers of one request share. */
import type { CollectionInputs } from "../../schema/index.ts";
import type { LayerContext } from "../contract/caller.ts";
import type { FieldStep, VariableValues } from "../contract/operation-plan.ts";
import type { Observe } from "../contract/planner.ts";
import type { Catalogue } from "../database/catalogue.ts";
import type { Fuser } from "../fuse/fuse.ts";
import type { Narrower } from "../fuse/narrow.ts";
import type { Equality } from "../layers/equality.ts";
import type { Layer } from "../layers/layers.ts";
import type { Programs } from "../program/programs.ts";
import type { PythonCalls } from "../resolve/python-calls.ts";
import type { VisibleSteps } from "../resolve/visible-steps.ts";

/** Everything that one request's layers share. */
export interface Execution {
  readonly variables: VariableValues;
  /** What clients may ask of collections. */
  readonly collections: CollectionInputs;
  /** Types of whose objects a caller sees some alone. */
  readonly visible: VisibleSteps;
  readonly python: PythonCalls;
  readonly context: LayerContext;
  readonly observe: Observe | undefined;
  /** The database's types. */
  readonly catalogue: Catalogue;
  /** Fuses statements; null: one statement a layer. */
  readonly fuser: Fuser | null;
  /** Runs statements that are not fused for the columns that are wanted; null: as they are. */
  readonly narrower: Narrower | null;
  /** Has the programs of operations; null: there are none. */
  readonly programs: Programs | null;
  /** Knows which keys are equal. */
  readonly equality: Equality;
  /** The layer whose statements may have effects, so that they run as they are: a mutation's root. */
  readonly effects: Layer | null;
  /** Called before anything but SQL runs: Python with its parents' values, TypeScript. */
  readonly onOutside?: () => void;
  /** Answers a `__schema` or `__type` field with JSON text. */
  introspect(step: FieldStep): string;
}
