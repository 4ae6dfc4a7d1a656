/** How many attempts may be under way: in all, and of one category. */
export class Slots {
  private readonly usedOf = new Map<string, number>();
  private usedInAll = 0;

  constructor(
    private readonly max: number,
    private readonly maxOf: Readonly<Record<string, number>>,
  ) {}

  get used(): number {
    return this.usedInAll;
  }

  get full(): boolean {
    return this.usedInAll >= this.max;
  }

  readonly isFree = (category: string): boolean => {
    if (this.full) return false;
    const limit = Object.hasOwn(this.maxOf, category) ? this.maxOf[category] : undefined;
    return limit === undefined || (this.usedOf.get(category) ?? 0) < limit;
  };

  take(category: string): void {
    this.usedInAll += 1;
    this.usedOf.set(category, (this.usedOf.get(category) ?? 0) + 1);
  }

  release(category: string): void {
    this.usedInAll -= 1;
    this.usedOf.set(category, (this.usedOf.get(category) ?? 0) - 1);
  }
}
