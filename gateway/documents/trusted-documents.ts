/** The documents of a manifest, and whether clients may send others. */
import { GraphQLError, Kind, parse } from "graphql";
import type { OperationResponse, Planner, PreparedOperation } from "../../planner/index.ts";
import { PuffError } from "../../schema/index.ts";
import { type Manifest, readManifest } from "./manifest.ts";

/** One operation of a trusted document. */
export interface TrustedOperation {
  /** Of its document. */
  readonly id: string;
  /** Null: the document's only operation has none. */
  readonly name: string | null;
  readonly query: string;
}

/** An operation that the schema refuses, and why. */
export interface RefusedOperation extends TrustedOperation {
  readonly why: string;
}

export class TrustedDocuments {
  /** Whether all other documents are refused. */
  readonly only: boolean;
  readonly #file: string;
  readonly #byId: Manifest;
  readonly #texts: ReadonlySet<string>;

  private constructor(file: string, byId: Manifest, only: boolean) {
    this.only = only;
    this.#file = file;
    this.#byId = byId;
    this.#texts = new Set(byId.values());
  }

  /**
   * @throws PuffError `PUFF_CONFIG_INVALID`: there is no such manifest.
   * @example const documents = await TrustedDocuments.read("manifest.json", true);
   */
  static async read(file: string, only: boolean): Promise<TrustedDocuments> {
    return new TrustedDocuments(file, await readManifest(file), only);
  }

  /** The text of an id; undefined: there is none. */
  textOf(id: string): string | undefined {
    return this.#byId.get(id);
  }

  /** Whether a document has exactly this text. */
  has(text: string): boolean {
    return this.#texts.has(text);
  }

  /** All operations; one whose document can't be parsed is there without a name. */
  operations(): TrustedOperation[] {
    return [...this.#byId].flatMap(([id, query]) => namesIn(query).map((name) => ({ id, name, query })));
  }

  /** Splits the operations into those that the schema takes and those that it refuses. */
  check(planner: Planner): { prepared: Map<TrustedOperation, PreparedOperation>; refused: RefusedOperation[] } {
    const prepared = new Map<TrustedOperation, PreparedOperation>();
    const refused: RefusedOperation[] = [];
    for (const each of this.operations()) {
      const outcome = planner.prepare(each.query, each.name);
      if (outcome.kind === "operation") {
        prepared.set(each, outcome.operation);
      } else {
        refused.push({ ...each, why: messagesOf(outcome.response) });
      }
    }
    return { prepared, refused };
  }

  /** What to tell an operator of operations that the schema refuses. */
  describe(refused: readonly RefusedOperation[]): PuffError {
    const told = refused.slice(0, MOST_TOLD).map((each) => `${nameOf(each)}: ${each.why}`);
    const more = refused.length - told.length;
    return new PuffError(
      "PUFF_DOCUMENTS_INVALID",
      `the schema refuses ${refused.length} of the ${this.operations().length} operations. ${told.join(" ")}` +
        (more > 0 ? ` And ${more} more` : ""),
      {
        place: this.#file,
        remedy: "Is the manifest of another schema? puff-gateway schema check --documents lists all of them.",
      },
    );
  }
}

/** Operations that a message names. */
const MOST_TOLD = 3;

/** @example nameOf({ id: "3be4", name: "Posts", query: "query Posts { … }" }); // "Posts" */
export function nameOf({ id, name }: TrustedOperation): string {
  return name ?? `the document ${id}`;
}

function namesIn(query: string): (string | null)[] {
  try {
    const operations = parse(query).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    const names = operations.map((definition) => ("name" in definition ? (definition.name?.value ?? null) : null));
    return names.length === 0 ? [null] : names;
  } catch (error) {
    if (error instanceof GraphQLError) {
      return [null]; // the planner says what is wrong
    }
    throw error;
  }
}

function messagesOf({ body }: OperationResponse): string {
  // The planner's own JSON.
  const { errors } = JSON.parse(body.toString()) as { readonly errors: readonly { readonly message: string }[] };
  return errors.map(({ message }) => message).join(" ");
}
