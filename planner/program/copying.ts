/**
 * What generated writers call. They read a block of rows, past whose end four bytes may be read, and write where the caller
 * has left room for the worst.
 */
import type { BytesWriter } from "../bytes/leaves.ts";
import { NO_ROOM, NOT_SERVED, Output } from "../bytes/output.ts";

/** From here on one call into C++ beats a loop. */
const LONG = 96;

/** Copies bytes as they are. Up to three more may be overwritten. */
export function copy(
  src: Buffer,
  sv: DataView,
  out: Buffer,
  ov: DataView,
  at: number,
  start: number,
  end: number,
): number {
  if (end - start > LONG) {
    src.copy(out, at, start, end);
    return at + end - start;
  }
  for (let from = start, to = at; from < end; from += 4, to += 4) {
    ov.setInt32(to, sv.getInt32(from, true), true);
  }
  return at + end - start;
}

/** Copies UTF-8 as what stands in a JSON string. */
export function text(
  src: Buffer,
  sv: DataView,
  out: Buffer,
  ov: DataView,
  at: number,
  start: number,
  end: number,
): number {
  let from = start;
  let to = at;
  for (const whole = end - 3; from < whole; from += 4, to += 4) {
    const four = sv.getInt32(from, true);
    if (mayNeedEscape(four)) {
      return escapeRest(src, out, to, from, end);
    }
    ov.setInt32(to, four, true);
  }
  for (; from < end; from++) {
    const code = src[from] as number; // within the field
    if (needsEscape[code] === 1) {
      return escapeRest(src, out, to, from, end);
    }
    out[to++] = code;
  }
  return to;
}

function mayNeedEscape(four: number): boolean {
  const quotes = four ^ 0x22222222;
  const backslashes = four ^ 0x5c5c5c5c;
  const found =
    ((four - 0x20202020) & ~four) | ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes);
  return (found & 0x80808080) !== 0;
}

/** What JSON has within a string for the bytes that it escapes. */
const escapes: readonly (Buffer | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  code < 0x20 || code === 0x22 || code === 0x5c
    ? Buffer.from(JSON.stringify(String.fromCharCode(code)).slice(1, -1))
    : undefined,
);
const needsEscape = Uint8Array.from(escapes, (escaped) => (escaped === undefined ? 0 : 1));

function escapeRest(src: Buffer, out: Buffer, at: number, start: number, end: number): number {
  let to = at;
  for (let from = start; from < end; from++) {
    const code = src[from] as number; // within the field
    const escaped = escapes[code];
    if (escaped === undefined) {
      out[to++] = code;
    } else {
      for (const byte of escaped) {
        out[to++] = byte;
      }
    }
  }
  return to;
}

/** A key. NaN if it is not an integer of at most 15 digits, which a number holds exactly. */
export function integer(src: Buffer, start: number, end: number): number {
  let at = start;
  const isNegative = src[at] === 0x2d;
  if (isNegative) {
    at++;
  }
  if (end - at > 15 || end === at) {
    return Number.NaN;
  }
  let value = 0;
  for (; at < end; at++) {
    value = value * 10 + (src[at] as number) - 0x30; // Postgres prints integers as digits alone
  }
  return isNegative ? -value : value;
}

/** Writes values whose form is more than a copy of their bytes. */
export type OtherWriter = (
  kind: number,
  src: Buffer,
  sv: DataView,
  out: Buffer,
  at: number,
  start: number,
  end: number,
  room: number,
) => number;

/** Bytes of a value whose memory is kept for the next. */
const mostKept = 4096;

/** One for the kinds that a generated writer numbers. */
export function otherWriter(writers: readonly BytesWriter[]): OtherWriter {
  let value = new Output(0);
  return (kind, bytes, view, out, at, start, end, room) => {
    value.truncate(0);
    try {
      writers[kind]?.(value, { bytes, view }, start, end);
    } catch {
      return NOT_SERVED; // it has an error, or is null after all: which path it is at only the other writer tells
    }
    if (value.length > room - at) {
      return NO_ROOM;
    }
    const past = at + value.finish().copy(out, at);
    if (value.length > mostKept) {
      value.release();
      value = new Output(0);
    }
    return past;
  };
}
