/** The gateway's Python describes types as any other does: what `python-tests` holds of them, once more in Pyodide. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FieldDescription } from "../../schema/index.ts";
import { TestPython } from "../support/python/pyodide.ts";

const folder = join(import.meta.dirname, "../../python-bridge/python-tests");
const read = (path: string) => readFileSync(join(folder, path), "utf8");
const schemas = readdirSync(join(folder, "schemas")).filter((name) => name.endsWith(".py"));

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

/** A built-in scalar, which only what is made of a description declares. */
const builtIn = /(?:"""(?:(?!""")[\s\S])*"""\n)?scalar \w+ @specifiedBy\(url: "https:\/\/www\.rfc-editor[^\n]*\n\n/g;

test.each(schemas.map((name) => name.slice(0, -3)))("the schema %s is described", async (name) => {
  const sdl = await python.sdl(read(`schemas/${name}.py`), { camelCase: name === "camel_case" });
  expect(`${sdl.replaceAll(builtIn, "")}\n`).toBe(read(`schemas/${name}.graphql`));
});

const imports = `
import datetime, decimal, enum, typing, uuid
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Dict, List, Literal, NewType, Optional, Tuple, Union
from puff import graphql
from puff.graphql import ID, JSON, BigInt, Context, EmptyObject, Plan, sql
`;

/** One schema for all of them: loading is what takes time here. */
const annotations: {
  readonly returned: { readonly [annotation: string]: string };
  readonly taken: { readonly [parameter: string]: string };
} = JSON.parse(read("annotations.json"));

describe("annotations", () => {
  let fields: readonly FieldDescription[];
  let sdl: string;

  beforeAll(async () => {
    const field = (name: string, parameters: string, returns: string) =>
      `    @classmethod\n    def ${name}(cls, ctx: Context, /${parameters}) -> ${returns}: ...`;
    const returned = Object.keys(annotations.returned).map((annotation, index) => field(`r${index}`, "", annotation));
    const taken = Object.keys(annotations.taken).map((parameter, index) => field(`t${index}`, `, ${parameter}`, "int"));
    const types = ["@dataclass", "class Post:", "    id: int", "@dataclass", "class Query:", ...returned, ...taken];
    const source = `${imports}\n${types.join("\n")}\n@dataclass\nclass Schema:\n    query: Query\n`;
    const described = (await python.description(source)).types.find(({ name }) => name === "Query");
    fields = described?.kind === "object" ? described.fields : [];
    sdl = (await python.sdl(source)).replaceAll(/\s+/g, " ").replaceAll('"""', '"');
  });

  test.each(Object.entries(annotations.returned).map(([annotation, type], index) => ({ annotation, type, index })))(
    "$annotation is $type",
    ({ type, index }) => {
      expect(fields.find(({ name }) => name === `r${index}`)?.type).toBe(type);
    },
  );

  test.each(Object.entries(annotations.taken).map(([parameter, argument], index) => ({ parameter, argument, index })))(
    "the parameter $parameter is the argument $argument",
    ({ argument, index }) => {
      expect(sdl.replaceAll("( ", "(").replaceAll(" ): Int", "): Int")).toContain(`t${index}(${argument}): Int!`);
    },
  );
});
