/**
 * What leads from an interpreter's objects to the rest of Node is taken away from its thread. A second line only: Python
 * code is trusted, and this is not a sandbox.
 */

/**
 * From now on this thread makes no JavaScript from text: `object.constructor.constructor("return process")()` gave Python
 * all of Node. Pyodide itself makes none, except for libraries with JavaScript in them.
 */
export function refuseCodeFromText(): void {
  for (const one of [() => {}, async () => {}, function* () {}, async function* () {}]) {
    const prototype: object = Object.getPrototypeOf(one);
    Object.defineProperty(prototype, "constructor", { value: refuse, writable: false, configurable: false });
  }
  // For `class extends Function`, which Pyodide has.
  Object.defineProperty(refuse, "prototype", { value: Function.prototype, writable: false });
  Object.assign(globalThis, { Function: refuse, eval: refuse });
}

function refuse(): never {
  throw new EvalError("JavaScript can't be made from text here: Python reaches the gateway through puff.host");
}
