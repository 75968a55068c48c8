/** The digits of base64url (RFC 4648, section 5). */
const digits = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

/** Digits of this many bytes, at most. */
export function base64urlLength(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/** Writes the bytes of `from` up to `end` in base64url, where there is room for it; gives where it ends. */
export function writeBase64url(from: Buffer, end: number, out: Buffer, begin: number): number {
  let at = begin;
  let index = 0;
  for (const whole = end - 2; index < whole; index += 3) {
    // In bounds, as all that follows.
    const three = ((from[index] as number) << 16) | ((from[index + 1] as number) << 8) | (from[index + 2] as number);
    out[at++] = digits[three >> 18] as number;
    out[at++] = digits[(three >> 12) & 63] as number;
    out[at++] = digits[(three >> 6) & 63] as number;
    out[at++] = digits[three & 63] as number;
  }
  const left = end - index;
  if (left > 0) {
    const three = ((from[index] as number) << 16) | (left === 2 ? (from[index + 1] as number) << 8 : 0);
    out[at++] = digits[three >> 18] as number;
    out[at++] = digits[(three >> 12) & 63] as number;
    if (left === 2) {
      out[at++] = digits[(three >> 6) & 63] as number;
    }
  }
  return at;
}
