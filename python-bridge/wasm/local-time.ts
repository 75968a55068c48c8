/**
 * Local time in the zone that a program asks for by `time.tzset`. Emscripten knows the host's zone alone: three functions
 * that its C library imports are replaced while another zone is set.
 */

/** Names of a zone's standard and summer time, such as CET and CEST. */
export type ZoneNames = readonly [standard: string, summer: string];

/** Addresses of both in the C library's memory; 0: not known. */
export type NamesAt = readonly [standard: number, summer: number];

/** What the C library imports. */
interface CLibrary {
  readonly env: { readonly [name: string]: unknown };
}

/** Offsets of `struct tm`'s fields, each an Int32 (musl's time.h). */
const tm = {
  second: 0,
  minute: 4,
  hour: 8,
  day: 12,
  month: 16,
  year: 20,
  weekday: 24,
  yearDay: 28,
  summer: 32,
  east: 36,
};
/** Bytes that the C library has for a name. */
const nameBytes = 17;
const dayLength = 86_400;

export class LocalTime {
  #memory: { readonly buffer: ArrayBuffer } | null = null;
  #format: Intl.DateTimeFormat | null = null;
  /** Where the C library keeps the names of standard and summer time. */
  #namesAt: NamesAt | null = null;
  #year = { number: Number.NaN, winter: 0, summer: 0 };

  /** The imports with those of local time replaced. */
  replace<Imports extends CLibrary>(imports: Imports): Imports {
    const { _localtime_js, _mktime_js, _tzset_js } = imports.env as unknown as {
      _localtime_js(time: bigint, at: number): void;
      _mktime_js(at: number): bigint;
      _tzset_js(timezone: number, daylight: number, standard: number, summer: number): void;
    };
    const env = {
      ...imports.env,
      _localtime_js: (time: bigint, at: number) =>
        this.#format === null ? _localtime_js(time, at) : this.#write(Number(time), at >>> 0),
      _mktime_js: (at: number) => (this.#format === null ? _mktime_js(at) : BigInt(this.#read(at >>> 0))),
      _tzset_js: (timezone: number, daylight: number, standard: number, summer: number) => {
        this.#namesAt = [standard >>> 0, summer >>> 0];
        _tzset_js(timezone, daylight, standard, summer);
      },
    };
    return { ...imports, env };
  }

  /** Takes the memory that the C library has. */
  use(memory: { readonly buffer: ArrayBuffer }): void {
    this.#memory = memory;
  }

  /**
   * Sets the zone: a name of the IANA's, or null for the host's.
   *
   * @param namesAt Where an earlier call said that the names are, perhaps in a process before this one.
   * @returns where the names are.
   * @throws RangeError for a zone that there is not.
   */
  set(zone: string | null, names: ZoneNames, namesAt: NamesAt): NamesAt {
    this.#format =
      zone === null
        ? null
        : new Intl.DateTimeFormat("en-US", {
            ...{ timeZone: zone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23", era: "short" },
            ...{
              year: "numeric",
              month: "numeric",
              day: "numeric",
              hour: "numeric",
              minute: "numeric",
              second: "numeric",
            },
          });
    this.#year = { number: Number.NaN, winter: 0, summer: 0 };
    const at = this.#namesAt ?? namesAt;
    for (const [index, start] of at.entries()) {
      if (start !== 0) {
        const bytes = new Uint8Array(this.#buffer, start, nameBytes).fill(0);
        bytes.set(Buffer.from(`${names[index]}`).subarray(0, nameBytes - 1));
      }
    }
    return at;
  }

  get #buffer(): ArrayBuffer {
    if (this.#memory === null) {
      throw new TypeError("there is no memory yet");
    }
    return this.#memory.buffer;
  }

  /** Seconds that the zone is ahead of UTC. */
  #offsetAt(time: number): number {
    const parts = { era: "AD", year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of this.#format?.formatToParts(time * 1000) ?? []) {
      if (type === "era") {
        parts.era = value;
      } else if (type in parts) {
        parts[type as Exclude<keyof typeof parts, "era">] = Number(value);
      }
    }
    const year = parts.era === "BC" ? 1 - parts.year : parts.year;
    return utcOf(year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - time;
  }

  /** A year's offsets in January and July, of which the greater is that of summer time. */
  #offsetsOf(year: number): { readonly winter: number; readonly summer: number } {
    if (this.#year.number !== year) {
      const [january, july] = [this.#offsetAt(utcOf(year, 0, 1, 0, 0, 0)), this.#offsetAt(utcOf(year, 6, 1, 0, 0, 0))];
      this.#year = { number: year, winter: Math.min(january, july), summer: Math.max(january, july) };
    }
    return this.#year;
  }

  /** Fills a `struct tm`. */
  #write(time: number, at: number): void {
    const offset = this.#offsetAt(time);
    const local = new Date((time + offset) * 1000);
    const year = local.getUTCFullYear();
    const { winter, summer } = this.#offsetsOf(year);
    const view = new DataView(this.#buffer);
    const write = (field: number, value: number) => view.setInt32(at + field, value, true);
    write(tm.second, local.getUTCSeconds());
    write(tm.minute, local.getUTCMinutes());
    write(tm.hour, local.getUTCHours());
    write(tm.day, local.getUTCDate());
    write(tm.month, local.getUTCMonth());
    write(tm.year, year - 1900);
    write(tm.weekday, local.getUTCDay());
    write(tm.yearDay, Math.floor((time + offset - utcOf(year, 0, 1, 0, 0, 0)) / dayLength));
    write(tm.summer, winter !== summer && offset === summer ? 1 : 0);
    write(tm.east, offset);
  }

  /** The time of a `struct tm`, which is filled anew. Where the clocks are put back there are two: it says which. */
  #read(at: number): number {
    const view = new DataView(this.#buffer);
    const field = (name: keyof typeof tm) => view.getInt32(at + tm[name], true);
    const wall = utcOf(
      field("year") + 1900,
      field("month"),
      field("day"),
      field("hour"),
      field("minute"),
      field("second"),
    );
    if (Number.isNaN(wall)) {
      return -1;
    }
    // The offsets before and after whatever change is near; in a gap the first holds.
    const [before, after] = [this.#offsetAt(wall - dayLength), this.#offsetAt(wall + dayLength)];
    const fits = (offset: number) => this.#offsetAt(wall - offset) === offset;
    const likely = fits(before) || !fits(after) ? before : after;
    const { winter, summer } = this.#offsetsOf(field("year") + 1900);
    const said = field("summer") > 0 ? summer : winter;
    const time = wall - (field("summer") < 0 || winter === summer ? likely : said);
    this.#write(time, at);
    return time;
  }
}

/** Seconds; as `Date.UTC`, but for years below 100 too. */
function utcOf(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime() / 1000;
}
