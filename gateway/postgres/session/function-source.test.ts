import { describe, expect, test } from "vitest";
import { isHarmless } from "./function-source.ts";

describe("isHarmless", () => {
  test.each([
    "begin new.updated_at = now(); return new; end",
    "-- set the time of the change\nbegin new.updated_at := now(); return new; end",
    "/* sets /* and resets */ it's all */ begin return new; end",
    "begin raise exception 'can''t create %: set it first', new.name; end",
    "begin raise exception e'can\\'t create', $a$ set role x $a$; end",
    "begin update item set n = n + 1 where id = new.id; return new; end",
    'begin update only public."The Items" as i set n = 1; return new; end',
    "insert into item values (1) on conflict (id) do update set n = 2",
    "insert into item values (1) on conflict do nothing",
    "merge into item using other on true when matched then update set n = 1",
    "declare i int; begin select offset_set into i from settings; return i; end",
  ])("%s", (source) => expect(isHarmless(source)).toBe(true));

  test.each([
    "set role other; select 1",
    "begin set local role other; return new; end",
    "-- then update the\nset role other; select 1",
    "/* update */ set role other",
    "select 'it -- is'; set role other",
    "select 'update'; begin set role other; end",
    "select $a$ update x$a$; set role other",
    "begin for r in select 1 from item for update loop set role other; end loop; end",
    "begin if 1 = 1 then set role other; end if; end",
    "/* /* */ it's */ set role other; select 'x'",
    "/* without an end",
    "do $$ begin perform 1; end $$",
    "begin execute 'set role other'; end",
    "begin reset all; end",
    "begin create temp table x (id int); end",
    "declare c cursor with hold for select 1",
    'select u&"becom\\0065"()',
  ])("not %s", (source) => expect(isHarmless(source)).toBe(false));
});
