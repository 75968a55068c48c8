/** The latest of what comes, kept until a caller asks. */

/** Items kept. */
const mostItems = 1000;
/** Characters kept, unless one item alone has more. */
const mostCharacters = 1_000_000;

/**
 * Keeps the latest items and lets go of those before.
 *
 * @example latest.add("a", 1); latest.take(); // ["a"]
 */
export class Latest<T> {
  #kept: { readonly item: T; readonly characters: number }[] = [];
  #characters = 0;

  get isEmpty(): boolean {
    return this.#kept.length === 0;
  }

  /** `characters`: the size of its texts. */
  add(item: T, characters: number): void {
    this.#kept.push({ item, characters });
    this.#characters += characters;
    while (this.#kept.length > 1 && (this.#kept.length > mostItems || this.#characters > mostCharacters)) {
      this.#characters -= this.#kept.shift()?.characters ?? 0;
    }
  }

  /** Gives them away. */
  take(): readonly T[] {
    const items = this.#kept.map(({ item }) => item);
    this.#kept = [];
    this.#characters = 0;
    return items;
  }
}
