/** A first-in-first-out buffer on one array that grows by doubling and is never copied per item. */
export class Ring<T> {
  size = 0;
  #items: (T | undefined)[] = [];
  #head = 0;

  push(item: T): void {
    if (this.size === this.#items.length) this.#grow();
    this.#items[(this.#head + this.size) & (this.#items.length - 1)] = item;
    this.size++;
  }

  /** The oldest one. There must be one: look at `size` first. */
  shift(): T {
    const item = this.#items[this.#head] as T;
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.size--;
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.size = 0;
  }

  /** Lengths are powers of two, so that a mask wraps around. */
  #grow(): void {
    const old = this.#items;
    const items = Array.from<T | undefined>({ length: Math.max(4, old.length * 2) });
    for (let index = 0; index < this.size; index++) items[index] = old[(this.#head + index) & (old.length - 1)];
    this.#items = items;
    this.#head = 0;
  }
}
