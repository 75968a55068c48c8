/** Plan subscriptions: what is sent at which events, and how many statements that takes. */
import { beforeEach, describe, expect, test } from "vitest";
import type { ResolverCall, StreamPlan } from "../../schema/index.ts";
import { createEvents, type TestEvents } from "../support/planner/events.ts";
import { type SketchedPlanner, sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase, watched } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  CREATE TYPE mood AS ENUM ('calm', 'wild');
  CREATE TABLE room (id int PRIMARY KEY, name text, mood mood);
  CREATE TABLE message (id int PRIMARY KEY, room_id int, body text);
`);
let events: TestEvents;
let planner: SketchedPlanner;
let asked: string[];
/** Resolved when the function of `shout` waits. */
const waited = Promise.withResolvers<void>();

const counted = watched(database, (text) => asked.push(text));

beforeEach(async () => {
  asked = [];
  await database.run(`
    TRUNCATE room, message;
    INSERT INTO room SELECT id, 'room ' || id, CASE WHEN id % 2 = 0 THEN 'calm' ELSE 'wild' END::mood
      FROM generate_series(1, 1200) AS id;
    INSERT INTO message SELECT id, id % 3 + 1, 'message ' || id FROM generate_series(1, 6) AS id;
  `);
  events = await createEvents();
  planner = sketchPlanner({
    database: counted,
    events,
    types: {
      Query: { one: "Int" },
      Subscription: {
        message: "Message!",
        perhaps: "Message",
        messages: "[Message!]!",
        payload: "Message!",
        text: "String!",
        exact: "Exact!",
        anything: "JSON!",
        part: "String!",
        room: "Room!",
        mood: "[Room!]!",
        count: "Int!",
        latest: "String!",
        noStream: "Int",
        broken: "Message!",
        noted: "String!",
      },
      Message: { id: "Int!", body: "String", room: "Room", shout: "String" },
      Exact: { big: "BigInt", price: "Decimal", key: "ID", rest: "JSON", ratio: "Float" },
      Room: { id: "Int!", name: "String", messages: "[Message!]!" },
    },
    args: {
      "Subscription.messages": { room: "Int!" },
      "Subscription.message": { room: "Int!" },
      "Subscription.room": { id: "Int!" },
      "Subscription.mood": { mood: "String!" },
      "Subscription.count": { room: "Int!" },
      "Subscription.broken": { divisor: "Int!" },
    },
    functions: {
      "Message.shout": async (messages, _args, { signal }) => {
        if (messages[0]?.["body"] === "wait") {
          waited.resolve();
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        }
        return messages.map((message) => String(message["body"]).toUpperCase());
      },
    },
    resolvers: {
      "Subscription.message": (call) =>
        on("message", "SELECT id, body, room_id FROM message WHERE id = $1 AND room_id = $2", [
          { event: ["id"] },
          [23, argument(call, "room")],
        ]),
      "Subscription.perhaps": () =>
        on("message", "SELECT id, body, room_id FROM message WHERE id = $1", [{ event: ["ids", 0] }]),
      "Subscription.messages": (call) =>
        on("message", "SELECT id, body, room_id FROM message WHERE room_id = $1 ORDER BY id DESC", [
          [0, argument(call, "room")],
        ]),
      "Subscription.payload": () => on("payload"),
      "Subscription.text": () => on("payload"),
      "Subscription.exact": () => on("payload"),
      "Subscription.anything": () => on("payload"),
      "Subscription.part": () =>
        on("payload", "SELECT pg_typeof($1)::text || ' ' || $1::text AS part", [{ event: ["part"] }]),
      "Subscription.latest": () => ({ ...on("payload"), latest: true }),
      "Subscription.noted": () => ({ ...on("noted"), source: "notify" }),
      "Subscription.room": (call) => live("SELECT id, name FROM room WHERE id = $1", [[23, argument(call, "id")]]),
      "Subscription.mood": (call) =>
        live("SELECT id, name FROM room WHERE mood = $1 AND id < 5 ORDER BY id", [[0, argument(call, "mood")]]),
      "Subscription.count": (call) =>
        live("SELECT count(*)::int FROM message WHERE room_id = $1", [[23, argument(call, "room")]]),
      "Subscription.noStream": () => sql("SELECT 1"),
      "Subscription.broken": (call) =>
        on("message", "SELECT id + 0 / ($1 - 1) AS id, body FROM message WHERE id = $2", [
          [23, argument(call, "divisor")],
          { event: ["id"] },
        ]),
      "Message.room": () =>
        sql("SELECT id, name FROM room WHERE id = ANY($1)", {
          params: [{ parent: "room_id" }],
          parentKeys: ["room_id"],
          childKeys: ["id"],
        }),
      "Room.messages": () =>
        sql("SELECT id, body, room_id FROM message WHERE room_id = ANY($1) ORDER BY id", {
          params: [{ parent: "id" }],
          parentKeys: ["id"],
          childKeys: ["room_id"],
        }),
    },
  });
});

function argument(call: ResolverCall, name: string): string {
  return String(call.args[name]);
}

function on(channel: string, text?: string, params: NonNullable<StreamPlan["plan"]>["params"] = []): StreamPlan {
  const plan = text === undefined ? null : { ...sql(text), params };
  return { kind: "stream", source: "channel", channel, plan, live: false, latest: false };
}

function live(text: string, params: NonNullable<StreamPlan["plan"]>["params"]): StreamPlan {
  return { ...on("message", text, params), live: true, latest: true };
}

async function open(query: string, variables = {}) {
  const subscriber = await planner.subscribe(query, variables);
  expect(subscriber.refused).toBeNull();
  return subscriber;
}

describe("at each event", () => {
  test("the plan is run with the event's values, and with all that is selected below it, in one statement", async () => {
    const subscriber = await open("subscription { message(room: 2) { id body room { name messages { id } } } }");
    await events.publish("message", { id: 1 });
    const answer = { id: 1, body: "message 1", room: { name: "room 2", messages: [{ id: 1 }, { id: 4 }] } };
    expect(await subscriber.next()).toEqual({ data: { message: answer } });
    asked = [];
    await events.publish("message", { id: 4 });
    expect(await subscriber.next()).toMatchObject({ data: { message: { id: 4 } } });
    expect(asked).toHaveLength(1);
    expect(planner.batches).toEqual([["Subscription.message", "Message.room", "Room.messages"]]);
  });

  test("an event for which the statement has no row is not sent, but an empty list is", async () => {
    const message = await open("subscription { message(room: 2) { id } }");
    const perhaps = await open("subscription { perhaps { id } }");
    const messages = await open("subscription { messages(room: 9) { id } }");
    await events.publish("message", { id: 2, ids: [99] }); // of room 3
    await events.publish("message", { id: 1, ids: [1] });
    expect(await message.next()).toEqual({ data: { message: { id: 1 } } });
    expect(await perhaps.next()).toEqual({ data: { perhaps: { id: 1 } } });
    expect(await messages.next()).toEqual({ data: { messages: [] } });
  });

  test("without a plan the payload is the answer, and SQL goes on from its columns", async () => {
    const subscriber = await open("subscription { payload { id body room { name } } }");
    await events.publish("payload", { id: 7, body: "hello", room_id: 3 });
    const room = { name: "room 3" };
    expect(await subscriber.next()).toEqual({ data: { payload: { id: 7, body: "hello", room } } });
  });

  test.each([
    ["plain text", "plain text"],
    ['"quoted"', "quoted"],
    ["90071992547409931234", "90071992547409931234"],
    ["12", "12"],
  ])("the payload %s is the text %s", async (payload, text) => {
    const subscriber = await open("subscription { text }");
    await events.publish("payload", payload);
    expect(await subscriber.next()).toEqual({ data: { text } });
  });

  test.each([
    ['{"big": 9007199254740993, "price": 12345678901234567.890, "key": 9007199254740993, "rest": [1.50]}'],
    ['{"big": "9007199254740993", "price": "12345678901234567.890", "key": "9007199254740993", "rest": [1.50]}'],
  ])("the numbers of %s keep their digits", async (payload) => {
    const subscriber = await open("subscription { exact { big price key rest } }");
    await events.publish("payload", payload);
    const exact = '{"big":"9007199254740993","price":"12345678901234567.890","key":"9007199254740993","rest":[1.50]}';
    expect(await subscriber.nextText()).toBe(`{"data":{"exact":${exact}}}`);
  });

  test.each([
    '{"a": 9007199254740993, "b": [1.50, -0, 1e400], "__proto__": {"c": 1}}',
    "9007199254740993",
    '"x"',
    "[]",
  ])("the payload %s is JSON as it was published", async (payload) => {
    const subscriber = await open("subscription { anything }");
    await events.publish("payload", payload);
    expect(await subscriber.nextText()).toBe(`{"data":{"anything":${payload}}}`);
  });

  test.each([
    ["5", "integer 5"],
    ["5.0", "integer 5"],
    ["1e3", "integer 1000"],
    ["1e+21", "numeric 1000000000000000000000"],
    ["9007199254740993", "bigint 9007199254740993"],
    ["12345678901234567.890", "numeric 12345678901234567.890"],
    ["1.5", "numeric 1.5"],
    ["true", "boolean true"],
    ["[1, 9007199254740993]", "bigint[] {1,9007199254740993}"],
    ["[1, 2.50, null]", "numeric[] {1,2.50,NULL}"],
    ['{"a": 1.50}', 'jsonb {"a": 1.50}'],
    ['[1, "a"]', 'jsonb [1, "a"]'],
    ["[[1.50]]", "jsonb [[1.50]]"],
  ])("the part %s of an event is %s to Postgres", async (part, seen) => {
    const subscriber = await open("subscription { part }");
    await events.publish("payload", `{"part": ${part}}`);
    expect(await subscriber.next()).toEqual({ data: { part: seen } });
  });

  test("a number has no parts", async () => {
    const subscriber = await open("subscription { part }");
    await events.publish("payload", "1.50");
    expect(await subscriber.next()).toMatchObject({ errors: [{ extensions: { code: "PUFF_EVENT_INVALID" } }] });
  });

  test("answers come in the order of the events", async () => {
    const subscriber = await open("subscription { perhaps { id } }");
    await Promise.all([3, 1, 2].map((id) => events.publish("message", { ids: [id] })));
    const ids = [await subscriber.next(), await subscriber.next(), await subscriber.next()];
    expect(ids).toEqual([3, 1, 2].map((id) => ({ data: { perhaps: { id } } })));
  });
});

describe("what fails at an event is that event's error, and the stream goes on", () => {
  test.each([
    ["payload { id }", "payload", { id: "x" }, "PUFF_VALUE_INVALID"],
    ["payload { id }", "payload", 5, "PUFF_VALUE_INVALID"],
    ["text", "payload", null, "PUFF_NULL_IN_NON_NULL"],
    ["message(room: 1) { id }", "message", { other: 1 }, "PUFF_EVENT_INVALID"],
    ["message(room: 1) { id }", "message", "plain", "PUFF_EVENT_INVALID"],
    ["message(room: 1) { id }", "message", { id: "x" }, "PUFF_SQL_VALUE"],
    ["broken(divisor: 1) { id }", "message", { id: 1 }, "PUFF_SQL_FAILED"],
  ])("%s of %s %j: %s", async (selection, channel, payload, code) => {
    const subscriber = await open(`subscription { ${selection} }`);
    await events.publish(channel, payload);
    expect(await subscriber.next()).toMatchObject({ data: null, errors: [{ extensions: { code } }] });
    await events.publish(channel, payload);
    expect(await subscriber.next()).not.toBeNull();
  });

  test("one set of parameters that fails does not fail the others", async () => {
    const query = "subscription ($divisor: Int!) { broken(divisor: $divisor) { id } }";
    const [good, bad] = [await open(query, { divisor: 2 }), await open(query, { divisor: 1 })];
    await events.publish("message", { id: 1 });
    expect(await good.next()).toEqual({ data: { broken: { id: 1 } } });
    expect(await bad.next()).toMatchObject({ data: null, errors: [{ path: ["broken"] }] });
  });
});

describe("a live query", () => {
  test("answers at once, and at an event only if the answer has changed", async () => {
    const subscriber = await open("subscription { room(id: 1) { name messages { id } } }");
    expect(await subscriber.next()).toEqual({ data: { room: { name: "room 1", messages: [{ id: 3 }, { id: 6 }] } } });
    await events.publish("message", {});
    await events.publish("message", {});
    await database.run("INSERT INTO message VALUES (9, 1, 'new')");
    await events.publish("message", {});
    expect(await subscriber.next()).toMatchObject({ data: { room: { messages: [{ id: 3 }, { id: 6 }, { id: 9 }] } } });
    await database.run("DELETE FROM room WHERE id = 1");
    await events.publish("message", {});
    expect(await subscriber.next()).toMatchObject({ errors: [{ extensions: { code: "PUFF_NULL_IN_NON_NULL" } }] });
  });

  test("is asked again when events may have been lost", async () => {
    const subscriber = await open("subscription { count(room: 1) }");
    expect(await subscriber.next()).toEqual({ data: { count: 2 } });
    await database.run("DELETE FROM message");
    events.lose();
    expect(await subscriber.next()).toEqual({ data: { count: 0 } });
  });

  test("sends a newcomer what is now, and to the others nothing", async () => {
    const early = await open("subscription { count(room: 1) }");
    await early.next();
    const late = await open("subscription { count(room: 1) }");
    expect(await late.next()).toEqual({ data: { count: 2 } });
    await database.run("INSERT INTO message VALUES (9, 1, 'new')");
    await events.publish("message", {});
    expect([await early.next(), await late.next()]).toEqual([{ data: { count: 3 } }, { data: { count: 3 } }]);
  });

  test("shows a slow reader the newest answer alone", async () => {
    const [slow, quick] = [
      await open("subscription { count(room: 1) }"),
      await open("subscription { count(room: 1) }"),
    ];
    await quick.next();
    for (const count of [3, 4, 5]) {
      await database.run(`INSERT INTO message VALUES (${count + 10}, 1, 'new')`);
      await events.publish("message", {});
      expect(await quick.next()).toEqual({ data: { count } });
    }
    expect(await slow.next()).toEqual({ data: { count: 5 } });
  });
});

describe("subscribers share work", () => {
  test("equal ones share one listener and one execution", async () => {
    const query = "subscription { perhaps { id room { name } } }";
    const subscribers = await Promise.all(Array.from({ length: 20 }, () => open(query)));
    expect(events.listened).toEqual(["channel message"]);
    await events.publish("message", { ids: [1] });
    await Promise.all(subscribers.map((subscriber) => subscriber.next()));
    asked = [];
    await events.publish("message", { ids: [1] });
    const answers = await Promise.all(subscribers.map((subscriber) => subscriber.next()));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(asked).toHaveLength(1);
    await Promise.all(subscribers.map((subscriber) => subscriber.leave()));
    expect(events.listened).toEqual([]);
  });

  test("those that differ in parameters share statements, with what is selected below", async () => {
    const query = "subscription ($id: Int!) { room(id: $id) { id name messages { id } } }";
    const subscribers = await Promise.all(Array.from({ length: 1200 }, (_, index) => open(query, { id: index + 1 })));
    const first = await Promise.all(subscribers.map((subscriber) => subscriber.next()));
    const expected = subscribers.map((_, index) => {
      const messages =
        [
          [{ id: 3 }, { id: 6 }],
          [{ id: 1 }, { id: 4 }],
          [{ id: 2 }, { id: 5 }],
        ][index] ?? [];
      return { data: { room: { id: index + 1, name: `room ${index + 1}`, messages } } };
    });
    expect(first).toEqual(expected);
    await database.run("UPDATE room SET name = 'new ' || id WHERE id <= 1000");
    asked = [];
    await events.publish("message", {});
    const second = await Promise.all(subscribers.slice(0, 1000).map((subscriber) => subscriber.next()));
    expect(second).toMatchObject(second.map((_, index) => ({ data: { room: { name: `new ${index + 1}` } } })));
    expect(asked.length).toBeLessThanOrEqual(3);
    expect(events.listened).toHaveLength(1);
  });

  test("parameters whose types Postgres infers find their rows, too", async () => {
    const query = "subscription ($mood: String!) { mood(mood: $mood) { id } }";
    const [wild, calm] = [await open(query, { mood: "wild" }), await open(query, { mood: "calm" })];
    expect(await wild.next()).toEqual({ data: { mood: [{ id: 1 }, { id: 3 }] } });
    expect(await calm.next()).toEqual({ data: { mood: [{ id: 2 }, { id: 4 }] } });
    const bad = await open(query, { mood: "sad" });
    expect(await bad.next()).toMatchObject({ errors: [{ extensions: { code: "PUFF_SQL_VALUE" } }] });
    await database.run("DELETE FROM room WHERE id = 1");
    await events.publish("message", {});
    expect(await wild.next()).toEqual({ data: { mood: [{ id: 3 }] } });
  });

  test("another document, and another source of events, are apart", async () => {
    await open("subscription { text }");
    await open("subscription { text  }");
    await open("subscription { noted }");
    expect(events.listened).toEqual(["channel payload", "channel payload", "notify noted"]);
  });
});

describe("a slow reader", () => {
  test("past the bytes that may wait, its stream fails, and others' go on", async () => {
    const [slow, quick] = [await open("subscription { text }"), await open("subscription { text }")];
    for (let count = 0; count < 20; count++) {
      await events.publish("payload", "x".repeat(100));
      await quick.next();
    }
    await expect(slow.next()).rejects.toMatchObject({ code: "PUFF_SUBSCRIBER_SLOW" });
    expect(await slow.next()).toBeNull();
    await events.publish("payload", "y");
    expect(await quick.next()).toEqual({ data: { text: "y" } });
  });

  test("gets the newest answer alone where the stream says so", async () => {
    const slow = await open("subscription { latest }");
    await events.publish("payload", "1");
    await slow.next();
    for (let count = 0; count < 50; count++) {
      await events.publish("payload", `${count} ${"x".repeat(100)}`);
      await new Promise(setImmediate);
    }
    await events.publish("payload", "end");
    let answer = await slow.next();
    while (JSON.stringify(answer) !== '{"data":{"latest":"end"}}') {
      answer = await slow.next();
    }
  });

  test.each([
    [1100, 10],
    [20, 1_000_000],
  ])("more events than can wait for the database, %i of %i characters, end the stream", async (length, size) => {
    const subscriber = await open("subscription { perhaps { id } }");
    const many = Array.from({ length }, () => events.publish("message", { ids: [1], text: "x".repeat(size) }));
    await Promise.all(many);
    await expect(subscriber.next()).rejects.toMatchObject({ code: "PUFF_EVENTS_LOST" });
  });
});

describe("what is computed at each event", () => {
  test("is computed for each subscriber", async () => {
    const [one, other] = [
      await open("subscription { payload { shout } }"),
      await open("subscription { payload { shout } }"),
    ];
    await events.publish("payload", { id: 1, body: "hello" });
    const answer = { data: { payload: { shout: "HELLO" } } };
    expect([await one.next(), await other.next()]).toEqual([answer, answer]);
    expect(events.listened).toHaveLength(2);
  });

  test("is not an error if the subscriber leaves meanwhile", async () => {
    const subscriber = await open("subscription { payload { shout } }");
    await events.publish("payload", { id: 1, body: "wait" });
    await waited.promise;
    await subscriber.leave();
    await new Promise(setImmediate);
    expect(planner.reported).toEqual([]);
  });
});

test("a client that leaves while it subscribes is not an error of the gateway", async () => {
  const left = new AbortController();
  const leaving = sketchPlanner(
    {
      database,
      events: { listen: () => new Promise(() => left.abort()) },
      types: { Query: { one: "Int" }, Subscription: { text: "String!" } },
      resolvers: { "Subscription.text": () => on("payload") },
    },
    left.signal,
  );
  await leaving.subscribe("subscription { text }");
  expect(leaving.reported).toEqual([]);
});

test.each([
  ["subscription { noStream }", "PUFF_PLAN_INVALID", 200],
  ["subscription { nothing }", "PUFF_DOCUMENT_INVALID", 400],
  ["subscription ($id: Int!) { room(id: $id) { id } }", "PUFF_VARIABLES_INVALID", 400],
  ["subscription ($yes: Boolean = true) { text @skip(if: $yes) }", "PUFF_DOCUMENT_INVALID", 400],
  ["subscription { text count(room: 1) }", "PUFF_DOCUMENT_INVALID", 400],
])("%s is refused with %s", async (query, code, status) => {
  const { refused } = await planner.subscribe(query);
  expect(refused).toMatchObject({ status, errors: [{ extensions: { code } }] });
  expect(refused).not.toHaveProperty("data");
});
