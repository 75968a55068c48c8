/** What a program writes: the layers of its statement, and what of their rows each field shows. */

/** One layer of the statement. */
export interface ProgramNode {
  /** What its rows are tagged with, where there are several layers. */
  readonly index: number;
  /** Whether each column of a row, the tag left out, holds something: the others are NULL. */
  readonly columns: readonly boolean[];
  /** Columns of its parents' key and of its own; null: it is a root. */
  readonly key: ProgramKey | null;
  readonly list: boolean;
  /** Whether the places of its rows are told, or how many there are: they are noted then. */
  readonly isPaged: boolean;
  /** Whether there may be a row more than is shown, of each parent. */
  readonly isCut: boolean;
  /** What the field is where it has no row; `left`: what only the other writer tells. */
  readonly lack: "null" | "zero" | "left";
  /** The fields of its objects, or those of each of their types; or the leaf that a row is. */
  readonly fields: readonly ProgramField[] | ProgramTypes | ProgramLeaf;
}

/** Objects of several types, which a column tells. */
export interface ProgramTypes {
  /** Null: there is none, and one type. */
  readonly column: number | null;
  readonly types: readonly ProgramType[];
}

export interface ProgramType {
  /** What the column has of it. */
  readonly texts: readonly string[];
  /** Whether NULL stands for it. */
  readonly isDefault: boolean;
  readonly fields: readonly ProgramField[];
}

/** Columns of a parent's key and of its children's; equal ones have the same bytes, and are integers of few digits if they are short. */
export interface ProgramKey {
  readonly parent: number;
  readonly child: number;
  readonly isShort: boolean;
}

export interface ProgramLeaf {
  readonly column: number;
  /** A number: the other writer's. */
  readonly form: "copy" | "text" | "quoted" | number;
  readonly nonNull: boolean;
}

/** The place of a row in its page's order: the columns of the terms. */
export interface ProgramCursor {
  readonly terms: readonly number[];
}

/** What a connection's page says of itself; a text: JSON that is always the same. */
export type ProgramFact = "hasNextPage" | "hasPreviousPage" | "startCursor" | "endCursor" | { readonly json: string };

/** An object of them. */
export interface ProgramFacts {
  readonly facts: readonly { readonly key: string; readonly fact: ProgramFact }[];
  /** The layer of the page's rows, and the columns of their terms. */
  readonly list: ProgramNode;
  readonly terms: readonly number[];
}

/** An object that is the same row under another name. */
export interface ProgramPart {
  readonly parts: readonly ProgramField[];
}

export interface ProgramField {
  /** As {@link ProgramLeaf}, another layer, a part of the same row, a page's part, or JSON that is always the same. */
  readonly value: ProgramLeaf | ProgramNode | ProgramPart | ProgramCursor | ProgramFacts | string;
  /** Of the response. */
  readonly key: string;
}
