/** Local time in Python follows TZ, as Django sets it by TIME_ZONE, from the first start on and from an image. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pythonOn, schemaFolder } from "../support/python/python.ts";

const module = "from datetime import datetime";
const berlin = `
os.environ["TZ"] = "Europe/Berlin"
time.tzset()
`;
const query = `
    @classmethod
    def show(cls, ctx: Context, /, zone: str | None, at: float) -> list[str]:
        if zone is not None:
            os.environ["TZ"] = zone
            time.tzset()
        local = time.localtime(at)
        assert time.mktime(local) == at and datetime.fromtimestamp(at).timestamp() == at
        return [time.strftime("%Y-%m-%d %H:%M:%S %z %Z %w %j", local), str(local.tm_isdst), str(datetime.fromtimestamp(at))]
    @classmethod
    def parse(cls, ctx: Context, /, zone: str, wall: str, summer: int) -> float:
        os.environ["TZ"] = zone
        time.tzset()
        return time.mktime((*map(int, wall.split()), 0, 0, summer))
    @classmethod
    def names(cls, ctx: Context, /, zone: str) -> list[str]:
        os.environ["TZ"] = zone
        time.tzset()
        return [*time.tzname, str(time.timezone), str(time.altzone), str(time.daylight)]
`;

// What CPython on Linux gives.
const shown: readonly (readonly [zone: string | null, at: number, expected: readonly string[]])[] = [
  [null, 1_751_328_000, ["2025-07-01 02:00:00 +0200 CEST 2 182", "1", "2025-07-01 02:00:00"]],
  ["Europe/Berlin", 1_711_846_799, ["2024-03-31 01:59:59 +0100 CET 0 091", "0", "2024-03-31 01:59:59"]],
  ["Europe/Berlin", 1_711_846_800, ["2024-03-31 03:00:00 +0200 CEST 0 091", "1", "2024-03-31 03:00:00"]],
  [":America/Chicago", -630_720_000, ["1950-01-05 18:00:00 -0600 CST 4 005", "0", "1950-01-05 18:00:00"]],
  ["Australia/Lord_Howe", 1_751_328_000, ["2025-07-01 10:30:00 +1030 +1030 2 182", "0", "2025-07-01 10:30:00"]],
  ["Asia/Kathmandu", 4_102_444_800, ["2100-01-01 05:45:00 +0545 +0545 5 001", "0", "2100-01-01 05:45:00"]],
  ["", 0, ["1970-01-01 00:00:00 +0000 UTC 4 001", "0", "1970-01-01 00:00:00"]],
];
const parsed: readonly (readonly [zone: string, wall: string, summer: number, expected: number])[] = [
  ["Europe/Berlin", "2024 7 1 12 0 0", -1, 1_719_828_000],
  ["Europe/Berlin", "2024 13 32 25 61 61", 0, 1_738_458_121],
  // The clocks are put back: the hour comes twice.
  ["Europe/Berlin", "2024 10 27 2 30 0", 1, 1_729_989_000],
  ["Europe/Berlin", "2024 10 27 2 30 0", 0, 1_729_992_600],
  // They are put forward: there is no such hour.
  ["America/Chicago", "2024 3 10 2 30 0", -1, 1_710_059_400],
];

test("local time is that of the zone that TZ names", async () => {
  const folder = schemaFolder(query, `${module}${berlin}`);
  const cacheFolder = join(folder, ".images");
  const first = await pythonOn(folder, { cacheFolder });
  await expect.poll(() => readdirSync(cacheFolder).filter((name) => /^app.*image$/.test(name)).length).toBe(1);
  for (const python of [first, await pythonOn(folder, { cacheFolder })]) {
    for (const [zone, at, expected] of shown) {
      expect(await python.call("show", { zone, at })).toEqual(expected);
    }
    for (const [zone, wall, summer, expected] of parsed) {
      expect([wall, await python.call("parse", { zone, wall, summer })]).toEqual([wall, expected]);
    }
    expect(await python.call("names", { zone: "Europe/Berlin" })).toEqual(["CET", "CEST", "-3600", "-7200", "1"]);
    expect(await python.call("names", { zone: "Australia/Sydney" })).toEqual(["AEST", "AEDT", "-36000", "-39600", "1"]);
    expect(await python.call("names", { zone: "Asia/Tokyo" })).toEqual(["JST", "JST", "-32400", "-32400", "0"]);
  }
});

test("a name of no zone leaves the host's", async () => {
  const python = await pythonOn(schemaFolder(query, module));
  const own = await python.call("show", { zone: null, at: 1_751_328_000 });
  expect(await python.call("show", { zone: ":/etc/localtime", at: 1_751_328_000 })).toEqual(own);
  expect(await python.call("show", { zone: "Nowhere/Land", at: 1_751_328_000 })).toEqual(own);
});
