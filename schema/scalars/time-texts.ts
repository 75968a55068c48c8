/** Dates, times and durations as clients write them: what both Postgres and Python take, and alike. */

/** A date of the calendar, of a year from 1 to 9999; null if the text is none. */
export function dateInput(text: string): string | null {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (parts === null) {
    return null;
  }
  const [year = 0, month = 0, day = 0] = parts.slice(1).map(Number);
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) ? text : null;
}

/** A time of day, 24:00 included, with or without a zone; null if the text is none. */
export function timeInput(text: string): string | null {
  const parts = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:Z|[+-](\d\d)(?::?(\d\d))?)?$/i.exec(text);
  if (parts === null) {
    return null;
  }
  const [hour = 0, minute = 0, second = 0, fraction = 0, zoneHour = 0, zoneMinute = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0));
  const isClock = (hour < 24 || (hour === 24 && minute + second + fraction === 0)) && minute < 60 && second < 60;
  return isClock && zoneHour < 16 && zoneMinute < 60 ? text.toUpperCase() : null;
}

/** A date and a time; null if the text is none. */
export function dateTimeInput(text: string): string | null {
  const date = dateInput(text.slice(0, 10));
  const time = /[T ]/i.test(text.charAt(10)) ? timeInput(text.slice(11)) : null;
  return date === null || time === null ? null : `${date}${text.charAt(10).toUpperCase()}${time}`;
}

/**
 * A duration whose parts each have their sign: `-P1DT-2H`, which Postgres does not read, becomes `P-1DT2H`. Null where
 * the text is none, or Python's timedelta can't hold it.
 */
export function durationInput(text: string): string | null {
  const parts = duration.exec(text);
  if (parts === null) {
    return null;
  }
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts
    .slice(2)
    .map((part) => Math.abs(Number(part ?? 0)));
  const daysOfTime = (hours + minutes / 60 + seconds / 3600) / 24;
  const allDays = years * 365 + months * 30 + weeks * 7 + days + daysOfTime;
  if (allDays > MOST_DAYS || daysOfTime > MOST_DAYS_OF_TIME) {
    return null;
  }
  const isNegative = parts[1] === "-";
  return text
    .replace(/^[+-]/, "")
    .replace(/([+-]?)(\d+(?:\.\d+)?)/g, (_, sign: string, digits: string) =>
      (sign === "-") === isNegative ? digits : `-${digits}`,
    );
}

const number = String.raw`([+-]?\d+(?:\.\d+)?)`;
const duration = new RegExp(
  `^([+-])?P(?=[+\\d-]|T)(?:${number}Y)?(?:${number}M)?(?:${number}W)?(?:${number}D)?` +
    `(?:T(?=[+\\d-])(?:${number}H)?(?:${number}M)?(?:${number}S)?)?$`,
);

/** Python's timedelta. */
const MOST_DAYS = 999_999_999;

/** Postgres's hours, minutes and seconds: 64 bits of microseconds. */
const MOST_DAYS_OF_TIME = 106_751_991;

/** Days of a month, 1 to 12; the year 0 is the one before the year 1. */
export function daysIn(year: number, month: number): number {
  return month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
