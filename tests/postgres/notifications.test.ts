/** Postgres's NOTIFY reaches listeners, over one connection that comes back by itself. */
import { afterAll, expect, onTestFinished, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { Ear } from "../support/servers/ear.ts";
import { wireTo } from "../support/servers/outage.ts";
import { createTestDatabase, openTestDatabase } from "../support/servers/postgres.ts";

const { url, drop } = await createTestDatabase();
afterAll(drop);

async function open(databaseUrl = url): Promise<PostgresDatabase> {
  const database = await openTestDatabase(databaseUrl);
  onTestFinished(() => database.close());
  return database;
}

async function notify(database: PostgresDatabase, channel: string, payload: string): Promise<void> {
  await database.query({
    text: "SELECT pg_notify($1, $2)",
    params: [25, 25].map((oid, i) => [oid, [channel, payload][i] ?? ""]),
  });
}

async function connectionsOf(database: PostgresDatabase): Promise<string> {
  const text = "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^(UN)?LISTEN' AND datname = current_database()";
  const rows = await database.query({ text, params: [] });
  rows.seek(0);
  return rows.text(0);
}

test("each channel's notifications reach its listeners, in order, until they leave", async () => {
  const database = await open();
  const [one, other, odd] = [new Ear(), new Ear(), new Ear()];
  const leave = await database.listen("one", one);
  await database.listen("one", other);
  await database.listen('Odd "name', odd);
  for (const payload of ["a", "b", ""]) {
    await notify(database, "one", payload);
  }
  await notify(database, 'Odd "name', "ü");
  await odd.until(({ heard }) => heard.length === 1);
  expect([one.heard, other.heard, odd.heard]).toEqual([
    ["one: a", "one: b", "one: "],
    ["one: a", "one: b", "one: "],
    ['Odd "name: ü'],
  ]);
  expect(await connectionsOf(database)).toBe("1");
  leave();
  await notify(database, "one", "c");
  await other.until(({ heard }) => heard.length === 4);
  expect(one.heard).toHaveLength(3);
});

test("a database can be closed while the connection that listens is made", async () => {
  const database = await openTestDatabase(url);
  const listening = database.listen("one", new Ear());
  await database.close();
  await listening;
});

test("channels that are listened to at once are each heard from when that is said", async () => {
  const [near, far] = [await open(), await open()];
  await notify(far, "none", "far has a connection by now");
  const [one, other] = [new Ear(), new Ear()];
  const first = near.listen("one", one);
  await near.listen("other", other);
  await notify(far, "other", "heard");
  await first;
  await notify(far, "one", "heard");
  await Promise.all([one, other].map((each) => each.until(({ heard }) => heard.length === 1)));
});

test.each(["a\0b", "ü".repeat(32)])(
  "the name %j, which no channel can have, is refused, and harms no other",
  async (name) => {
    const database = await open();
    const ear = new Ear();
    const refused = database.listen(name, new Ear());
    const heard = database.listen("ü".repeat(31), ear);
    await expect(refused).rejects.toMatchObject({ code: "PUFF_PLAN_INVALID" });
    await heard;
    await notify(database, "ü".repeat(31), "heard");
    await ear.until(({ heard: [first] }) => first !== undefined);
  },
);

test("a lost connection comes back, and listeners know that they may have missed some", async () => {
  const wire = await wireTo(url);
  const [near, far] = [await open(wire.url), await open()];
  const [ear, late] = [new Ear(), new Ear()];
  await near.listen("one", ear);
  await wire.cut();
  await near.listen("late", late);
  await notify(far, "one", "lost");
  await wire.mend();
  await Promise.all([ear, late].map((each) => each.until(({ missedCount }) => missedCount === 1)));
  await notify(far, "one", "found");
  await notify(far, "late", "found");
  await Promise.all([ear, late].map((each) => each.until(({ heard }) => heard.length === 1)));
  expect([ear.heard, late.heard]).toEqual([["one: found"], ["late: found"]]);
  await wire.cut();
});
