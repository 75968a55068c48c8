/** Packages whose compiled code was built for Pyodide, in interpreters that are imported and in those from an image. */
import { expect, test } from "vitest";
import { imageWritten, ownCache } from "../support/python/images.ts";
import { installCompiledPackages } from "../support/python/packages.ts";
import { pythonOn, schemaFolder } from "../support/python/python.ts";

const module = `
import importlib.metadata
import jiter, msgspec, pydantic

imported = time.time_ns()
version = importlib.metadata.version("msgspec")

class Item(pydantic.BaseModel):
    name: str
    tags: list[str] = []
    slow: bool = False

    @pydantic.field_validator("slow")
    @classmethod
    def wait(cls, value: bool) -> bool:
        time.sleep(0.05 if value else 0)
        return value

class Point(msgspec.Struct):
    x: int

decoder = msgspec.json.Decoder(list[Point])
`;
const query = `
    @classmethod
    def imported_at(cls, ctx: Context, /) -> str:
        return str(imported)
    @classmethod
    def validated(cls, ctx: Context, /, text: str) -> str:
        try:
            return repr(Item.model_validate_json(text))
        except pydantic.ValidationError as error:
            return str(error.errors()[0]["msg"])
    @classmethod
    def decoded(cls, ctx: Context, /, text: str) -> str:
        try:
            return repr(decoder.decode(text))
        except msgspec.ValidationError as error:
            return str(error)
    @classmethod
    def defined(cls, ctx: Context, /, text: str) -> str:
        late = pydantic.create_model("Late", number=(float, ...))
        struct = msgspec.defstruct("Struct", ["number"])
        raised = ""
        try:
            msgspec.convert({}, struct)
        except msgspec.ValidationError as error:
            raised = str(error)
        return f"{late(number=text)!r} {raised} {jiter.from_json(text.encode())}"
    @classmethod
    def collected(cls, ctx: Context, /) -> int:
        import gc
        for number in range(2000):
            item = Item(name=str(number), tags=["a"] * 10)
            point = Point(number)
        gc.collect()
        return len(msgspec.json.encode([point] * 1000))
`;

test("run, and are kept in an image", async () => {
  const folder = schemaFolder(query, module);
  const pythonPath = [folder, await installCompiledPackages(["jiter==0.*", "msgspec==0.23.*", "pydantic==2.*"])];
  const cacheFolder = ownCache(folder);
  const imports: unknown[] = [];
  for (const from of ["an import", "an image", "the image again"]) {
    const python = await pythonOn(folder, { cacheFolder, pythonPath });
    const answers = {
      valid: await python.call("validated", { text: '{"name": "ä", "tags": ["x"]}' }),
      invalid: await python.call("validated", { text: '{"name": 1}' }),
      decoded: await python.call("decoded", { text: '[{"x": 1}, {"x": 2}]' }),
      undecoded: await python.call("decoded", { text: '[{"x": "1"}]' }),
      defined: await python.call("defined", { text: "1.5" }),
      collected: await python.call("collected"),
      together: await Promise.all(
        [1, 2, 3].map(() => python.call("validated", { text: '{"name": "", "slow": true}' })),
      ),
    };
    expect(answers, from).toEqual({
      valid: "Item(name='ä', tags=['x'], slow=False)",
      invalid: "Input should be a valid string",
      decoded: "[Point(x=1), Point(x=2)]",
      undecoded: "Expected `int`, got `str` - at `$[0].x`",
      defined: "Late(number=1.5) Object missing required field `number` 1.5",
      collected: 11_001,
      together: Array(3).fill("Item(name='', tags=[], slow=True)"),
    });
    imports.push(await python.call("imported_at"));
    await imageWritten(cacheFolder);
    expect(python.logs.filter(({ message }) => message.includes("no image"))).toEqual([]);
    await python.close();
  }
  expect(imports).toEqual(Array(3).fill(imports[0]));
});
