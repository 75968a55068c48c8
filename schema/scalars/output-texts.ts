/**
 * How values become the texts of scalars in answers. Each function takes what Postgres's text format, Python's values,
 * JSON and TypeScript's resolvers hold, and gives null if that is not a value of its scalar.
 */
import { daysIn } from "./time-texts.ts";

const zone = String.raw`(?<zone>[Zz]|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)`;
const clock = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?<fraction>\.\d+)?)?`;
const day = String.raw`(?<year>\d{4,7})-(?<month>\d\d)-(?<day>\d\d)`;
const era = "(?<era> BC)?";
const dateForm = new RegExp(`^${day}${era}$`);
const timeForm = new RegExp(`^${clock}${zone}?$`);
const dateTimeForm = new RegExp(`^${day}[Tt ]${clock}${zone}?${era}$`);
const durationForm = /^-?P(?!$)(-?\d+Y)?(-?\d+M)?(-?\d+W)?(-?\d+D)?(T(?!$)(-?\d+H)?(-?\d+M)?(-?\d+(\.\d+)?S)?)?$/;
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const hexForm = /^\\x(?:[0-9a-f]{2})*$/i;

/** Postgres's own words for what is later, or earlier, than any other value. */
function isInfinite(value: string): boolean {
  return value === "infinity" || value === "-infinity";
}

/**
 * RFC 3339 in UTC, from Postgres's `2024-05-01 12:30:00.5+02`, Python's `isoformat` and Dates; without a zone where
 * the text has none; midnight of a date. `infinity` and years BC stay as Postgres prints them.
 */
export function dateTimeText(value: unknown): string | null {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? null : value.toISOString();
  }
  if (typeof value !== "string" || isInfinite(value)) {
    return typeof value === "string" ? value : null;
  }
  const parts = dateTimeForm.exec(value)?.groups;
  if (parts === undefined) {
    const date = dateForm.exec(value)?.groups;
    return date === undefined || !isDay(date) ? null : `${shown(date)}T00:00:00${date["era"] ?? ""}`;
  }
  if (!isDay(parts) || !isClock(parts)) {
    return null;
  }
  const { zone: offset, fraction = "" } = parts;
  const local = `${shown(parts)}T${parts["hour"]}:${parts["minute"]}:${parts["second"] ?? "00"}`;
  if (offset === undefined) {
    return `${local}${fraction}${parts["era"] ?? ""}`;
  }
  const seconds = secondsOf(offset);
  if (seconds === 0) {
    return `${local}${fraction}Z${parts["era"] ?? ""}`;
  }
  return seconds === null ? null : inUtc(parts, seconds, fraction);
}

/** `2024-05-01`; of a Date its day in UTC. `infinity` and years BC stay as Postgres prints them. */
export function dateText(value: unknown): string | null {
  if (value instanceof Date) {
    return dateTimeText(value)?.slice(0, 10) ?? null;
  }
  if (typeof value !== "string" || isInfinite(value)) {
    return typeof value === "string" ? value : null;
  }
  const parts = dateForm.exec(value)?.groups;
  return parts !== undefined && isDay(parts) ? value : null;
}

/** `12:30:00.5`, with a zone where the value has one. */
export function timeText(value: unknown): string | null {
  const parts = typeof value === "string" ? timeForm.exec(value)?.groups : undefined;
  return parts !== undefined && isClock(parts) ? (value as string).replace(/[+-]00(:?00)*$/, "Z") : null;
}

/** `P1DT2H30M`, with signs where Postgres has them. */
export function durationText(value: unknown): string | null {
  return typeof value === "string" && (isInfinite(value) || durationForm.test(value)) ? value : null;
}

export function uuidText(value: unknown): string | null {
  return typeof value === "string" && uuidForm.test(value) ? value : null;
}

/** Base64 from Postgres's hex form `\x68656c6c6f`, or of bytes. */
export function base64Text(value: unknown): string | null {
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString("base64");
  }
  return typeof value === "string" && hexForm.test(value)
    ? Buffer.from(value.slice(2), "hex").toString("base64")
    : null;
}

type Parts = { readonly [name: string]: string | undefined };

function shown(parts: Parts): string {
  return `${parts["year"]}-${parts["month"]}-${parts["day"]}`;
}

function isDay(parts: Parts): boolean {
  const year = Number(parts["year"]);
  const month = Number(parts["month"]);
  const dayOfMonth = Number(parts["day"]);
  if (year === 0 || month < 1 || month > 12 || dayOfMonth < 1) {
    return false;
  }
  // The year 1 BC was a leap year, as the year 0 would have been.
  const counted = parts["era"] === undefined ? year : 1 - year;
  return dayOfMonth <= daysIn(counted, month);
}

/** Midnight may be the day's end, as in Postgres. */
function isClock(parts: Parts): boolean {
  const [hour, minute, second] = [parts["hour"], parts["minute"], parts["second"]].map((part) => Number(part ?? 0));
  if (hour === 24) {
    return minute === 0 && second === 0 && Number(parts["fraction"] ?? 0) === 0;
  }
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}

/** Null for an offset that no zone has. */
function secondsOf(offset: string): number | null {
  if (/^[Zz]$/.test(offset)) {
    return 0;
  }
  const digits = offset.slice(1).replaceAll(":", "");
  const [hours, minutes, seconds] = [digits.slice(0, 2), digits.slice(2, 4), digits.slice(4, 6)].map(Number);
  if (hours === undefined || minutes === undefined || seconds === undefined || minutes > 59 || seconds > 59) {
    return null;
  }
  return (offset.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
}

/** The fraction is the same everywhere, and may be finer than a Date. */
function inUtc(parts: Parts, offset: number, fraction: string): string {
  const year = parts["era"] === undefined ? Number(parts["year"]) : 1 - Number(parts["year"]);
  // Dates reach less far than Postgres's years, and the calendar repeats itself every 400 of them.
  const moved = 2000 - Math.floor(year / 400) * 400;
  const moment = new Date(0);
  moment.setUTCFullYear(year + moved, Number(parts["month"]) - 1, Number(parts["day"]));
  moment.setUTCHours(Number(parts["hour"]), Number(parts["minute"]), Number(parts["second"] ?? 0) - offset);
  const utcYear = moment.getUTCFullYear() - moved;
  const shownYear = String(utcYear < 1 ? 1 - utcYear : utcYear).padStart(4, "0");
  return `${shownYear}${moment.toISOString().slice(4, 19)}${fraction}Z${utcYear < 1 ? " BC" : ""}`;
}
