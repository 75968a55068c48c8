/** What Python knows by a number, since only plain data cross to it. */
export class Numbered<Item> {
  readonly #items = new Map<number, Item>();
  #last = 0;

  add(item: Item): number {
    this.#items.set(++this.#last, item);
    return this.#last;
  }

  get(id: number): Item | undefined {
    return this.#items.get(id);
  }

  delete(id: number): void {
    this.#items.delete(id);
  }

  /** Makes an item known while `work` runs. */
  async with<Result>(item: Item, work: (id: number) => Promise<Result>): Promise<Result> {
    const id = this.add(item);
    try {
      return await work(id);
    } finally {
      this.delete(id);
    }
  }
}
