interface CategorySlots {
  readonly max: number;
  used: number;
}

/** How many attempts may be under way: in all, and of each category that has a limit of its own. */
export class Slots {
  private readonly limited: ReadonlyMap<string, CategorySlots>;
  private usedInAll = 0;

  constructor(
    private readonly max: number,
    maxOf: Readonly<Record<string, number>>,
  ) {
    this.limited = new Map(Object.entries(maxOf).map(([category, limit]) => [category, { max: limit, used: 0 }]));
  }

  get used(): number {
    return this.usedInAll;
  }

  get full(): boolean {
    return this.usedInAll >= this.max;
  }

  readonly isFree = (category: string): boolean => {
    if (this.full) return false;
    const slots = this.slotsOf(category);
    return slots === undefined || slots.used < slots.max;
  };

  take(category: string): void {
    this.usedInAll += 1;
    const slots = this.slotsOf(category);
    if (slots !== undefined) slots.used += 1;
  }

  release(category: string): void {
    this.usedInAll -= 1;
    const slots = this.slotsOf(category);
    if (slots !== undefined) slots.used -= 1;
  }

  private slotsOf(category: string): CategorySlots | undefined {
    return this.limited.size === 0 ? undefined : this.limited.get(category);
  }
}
