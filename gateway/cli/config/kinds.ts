/** The kinds of values that settings have: how each is read from text or TOML, and what to say of one that is wrong. */
import { existsSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import type { StaticFolder } from "../../options/options.ts";

export interface Kind<T> {
  /** What the value must be, as it ends the sentence "it must be …". */
  readonly wanted: string;
  /** Whether a value may hold a password, and so is never printed. */
  readonly secret?: boolean;
  /** What a flag's or an environment variable's text stands for, as TOML would have it. */
  fromText(text: string): unknown;
  /** The value, relative paths taken from the folder `base`; undefined: it is not of this kind. */
  read(value: unknown, base: string): T | undefined;
}

/** The sentence about a value that is not of its kind. */
export function describeWrong(name: string, value: unknown, kind: Kind<unknown>): string {
  return kind.secret === true
    ? `${name} is not valid: it must be ${kind.wanted}`
    : `${name} is ${JSON.stringify(value)}, but must be ${kind.wanted}`;
}

export const text: Kind<string> = {
  wanted: "text",
  fromText: (input) => input,
  read: (value) => (typeof value === "string" && value !== "" ? value : undefined),
};

export const boolean: Kind<boolean> = {
  wanted: "true or false",
  fromText: (input) =>
    ({ true: true, 1: true, yes: true, on: true, false: false, 0: false, no: false, off: false })[input],
  read: (value) => (typeof value === "boolean" ? value : undefined),
};

/** A whole number between bounds. */
export function integer(minimum: number, maximum: number, unit = ""): Kind<number> {
  return {
    wanted: `a whole number${unit === "" ? "" : ` of ${unit}`} from ${minimum} to ${maximum}`,
    fromText: (input) => (/^\d+$/.test(input) ? Number(input) : input),
    read: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum ? value : undefined,
  };
}

/** A part of a whole. */
export const share: Kind<number> = {
  wanted: "a number from 0 to 1",
  fromText: (input) => (input.trim() === "" ? input : Number(input)),
  read: (value) => (typeof value === "number" && value >= 0 && value <= 1 ? value : undefined),
};

export function oneOf<const T extends string>(values: readonly T[]): Kind<T> {
  return {
    wanted: `one of ${values.join(", ")}`,
    fromText: (input) => input,
    read: (value) => values.find((known) => known === value),
  };
}

export const path: Kind<string> = {
  wanted: "a path",
  fromText: (input) => input,
  read: (value, base) => (typeof value === "string" && value !== "" ? resolve(base, value) : undefined),
};

/** A path, or the name of a command, which stays what it is. */
export const program: Kind<string> = {
  wanted: 'a program, such as "python3.13" or ".venv/bin/python"',
  fromText: (input) => input,
  read: (value, base) =>
    typeof value !== "string" || value === "" ? undefined : /[\\/]/.test(value) ? resolve(base, value) : value,
};

export const paths: Kind<readonly string[]> = {
  wanted: "a list of folders",
  fromText: (input) => input.split(delimiter).filter((item) => item !== ""),
  read: (value, base) => readList(value)?.map((item) => resolve(base, item)),
};

export const texts: Kind<readonly string[]> = {
  wanted: "a list of texts",
  fromText: (input) => input.split(",").map((item) => item.trim()),
  read: (value) => readList(value),
};

/** Files of TypeScript or JavaScript, which become absolute paths, and addresses, which stay what they are. */
export const hosts: Kind<readonly string[]> = {
  wanted: 'a .ts or .js file or an address such as "0.0.0.0"',
  fromText: texts.fromText,
  read: (value, base) =>
    readList(value)?.map((item) => {
      const file = resolve(base, item);
      return /\.[cm]?[jt]s$/.test(item) || existsSync(file) ? file : item;
    }),
};

/** `folder/file.py`, `folder/file.py:Class`, `package.module:Class` or Puff's `package.module.Class`. */
export const schemaSpec: Kind<string> = {
  wanted: 'a Python file such as "schema.py" or "schema.py:Schema", or a module such as "package.module:Schema"',
  fromText: (input) => input,
  read(value, base) {
    if (typeof value !== "string") {
      return undefined;
    }
    const file = /^(.+\.py)(:[A-Za-z_]\w*)?$/.exec(value);
    if (file !== null) {
      return `${resolve(base, file[1] ?? "")}${file[2] ?? ""}`;
    }
    return /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?$/.test(value) ? value : undefined;
  },
};

/** `package.module:name`, `file.py:name`, or either with `name()` for a function that makes the application. */
export const wsgiSpec: Kind<string> = {
  wanted: 'a WSGI application such as "package.module:application" or "app.py:create_app()"',
  fromText: (input) => input,
  read(value, base) {
    if (typeof value !== "string") {
      return undefined;
    }
    const [, source, name = ""] = /^(.+?)(:[A-Za-z_]\w*(?:\(\))?)?$/.exec(value) ?? [];
    if (source?.endsWith(".py") === true) {
      return `${resolve(base, source)}${name}`;
    }
    return /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(source ?? "") ? value : undefined;
  },
};

/** Whether there is a Django project, or the module of its settings; in puff.toml also a table with the key `settings`. */
export const djangoProject: Kind<boolean | string> = {
  wanted: 'true, or a settings module such as "config.settings"',
  fromText: (input) => boolean.fromText(input) ?? input,
  read(value) {
    const given = typeof value === "object" && value !== null && "settings" in value ? value.settings : value;
    const isModule = typeof given === "string" && /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(given);
    return typeof given === "boolean" || isModule ? given : undefined;
  },
};

/** `/static/=folder`, once or several times. */
export const staticFolders: Kind<readonly StaticFolder[]> = {
  wanted: 'a list of folders with their URLs, such as "/static/=public"',
  fromText: texts.fromText,
  read(value, base) {
    const items = readList(value)?.map((item) => /^(\/(?:[^=?#*]+\/)?)=(.+)$/.exec(item));
    return items?.every((item) => item !== null)
      ? items.map(([, url = "", folder = ""]) => ({ url, folder: resolve(base, folder) }))
      : undefined;
  },
};

/** A URL's path at which the gateway answers. */
export const urlPath: Kind<string> = {
  wanted: 'a path such as "/graphql"',
  fromText: (input) => input,
  read: (value) => (typeof value === "string" && /^\/[^\s?#]*$/.test(value) ? value : undefined),
};

export const postgresUrl: Kind<string> = {
  wanted: "a URL such as postgresql://user:password@host:5432/name",
  secret: true,
  fromText: (input) => input,
  read: (value) =>
    typeof value === "string" && /^postgres(ql)?:\/\//.test(value) && URL.canParse(value) ? value : undefined,
};

export const redisUrl: Kind<string> = {
  wanted: "a URL such as redis://user:password@host:6379/0",
  secret: true,
  fromText: (input) => input,
  read: (value) =>
    typeof value === "string" && /^rediss?(\+cluster)?:\/\//.test(value) && URL.canParse(value) ? value : undefined,
};

/** One text or a list of them, none empty. */
function readList(value: unknown): readonly string[] | undefined {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const list = items.filter((item): item is string => typeof item === "string" && item !== "");
  return list.length === items.length ? list : undefined;
}
