/** From what Python reports to errors of the catalogue. */
import { type ErrorCode, errorCodes, PuffError } from "../../schema/index.ts";
import type { LoadError } from "../protocol/messages.ts";

/** The user's code does not load: the reason as `puff._bridge.load` gave it, its traceback as the cause. */
export function refusal(error: LoadError): PuffError {
  const cause = new Error(error.message);
  cause.stack = error.traceback ?? error.message;
  return new PuffError(codeOf(error.code), error.message, {
    ...(error.place === null ? {} : { place: error.place }),
    ...(error.remedy === null ? {} : { remedy: error.remedy }),
    cause,
  });
}

function codeOf(text: string): ErrorCode {
  return errorCodes.find((code) => code === text) ?? "PUFF_SCHEMA_INVALID";
}
