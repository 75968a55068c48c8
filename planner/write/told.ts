/** What a schema lets clients know of constraints and of what functions raise. */
import type { ErrorCode, ExecutableSchema, PuffError } from "../../schema/index.ts";

/** A message that the user wrote for clients. */
export interface Told {
  readonly message: string;
  readonly extensions: { readonly code: ErrorCode; readonly constraint?: string; readonly hint?: string };
}

/** What clients are told in an error's place, masked or not; null: nothing else. */
export function told({ said }: PuffError, { constraints, raisedMessages }: ExecutableSchema): Told | null {
  if (said?.kind === "constraint") {
    const message = constraints.get(said.name);
    return message === undefined ? null : { message, extensions: { code: "PUFF_CONSTRAINT", constraint: said.name } };
  }
  if (said?.kind === "raised" && raisedMessages) {
    const { message, hint } = said;
    return { message, extensions: { code: "PUFF_RAISED", ...(hint === null ? {} : { hint }) } };
  }
  return null;
}
