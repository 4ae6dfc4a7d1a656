/** Items are moved to the front once this many places there are free, and they are half of the array. */
const COMPACT_AT = 64;

/** A queue whose `shift` costs the same at any length (Array.shift moves everything). */
export class Fifo<T> {
  private items: (T | undefined)[];
  private head = 0;

  constructor(first?: T) {
    this.items = first === undefined ? [] : [first];
  }

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  peek(): T | undefined {
    return this.items[this.head];
  }

  shift(): T | undefined {
    if (this.head === this.items.length) return undefined;
    const item = this.items[this.head];
    this.items[this.head] = undefined;
    this.head += 1;
    if (this.head >= COMPACT_AT && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}
