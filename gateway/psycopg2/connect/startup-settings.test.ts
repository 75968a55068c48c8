import { expect, test } from "vitest";
import { startupSettings } from "./startup-settings.ts";

test.each([
  ["-c search_path=blog,public", [["search_path", "blog,public"]]],
  [
    "-cstatement_timeout=5s  --lock-timeout=1s",
    [
      ["statement_timeout", "5s"],
      ["lock_timeout", "1s"],
    ],
  ],
  [
    "-c DateStyle=ISO,\\ DMY -c app.path=a\\\\b=c",
    [
      ["DateStyle", "ISO, DMY"],
      ["app.path", "a\\b=c"],
    ],
  ],
  ["", []],
])("settings are read from options as Postgres reads them: %s", (options, settings) => {
  expect(startupSettings({ options })).toEqual(settings);
});

test("the application's name is a setting, too", () => {
  expect(startupSettings({ application_name: "shop", dbname: "default" })).toEqual([["application_name", "shop"]]);
});

test.each(["-d 5", "-c", "-c geqo"])("other switches are refused: %s", (options) => {
  expect(() => startupSettings({ options })).toThrow(/is not a setting: .*-c name=value/);
});
