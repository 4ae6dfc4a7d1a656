/** Holes that are passed over before the arrays are worth tidying. */
const MIN_HOLES = 1000;

/** Ids of tasks by a seq of each, ascending. A task that goes leaves a hole, which keeps its seq; what comes is put at the end. */
export class SeqOrder {
  /** Both arrays run in step. */
  private readonly ids: (string | undefined)[] = [];
  private readonly seqs: number[] = [];
  private holes = 0;

  /** Places, holes included. */
  get length(): number {
    return this.ids.length;
  }

  /** The seq of the last place; 0 while there is none. */
  get lastSeq(): number {
    return this.seqs.at(-1) ?? 0;
  }

  /** Undefined for a hole. */
  idAt(at: number): string | undefined {
    return this.ids[at];
  }

  seqAt(at: number): number {
    return this.seqs[at] as number;
  }

  /** @param seq at least that of the last place */
  push(id: string, seq: number): void {
    this.ids.push(id);
    this.seqs.push(seq);
  }

  /** Makes a hole of the place with this seq; does nothing where there is none, or a hole already. */
  remove(seq: number): void {
    const at = this.firstAtOrAfter(seq);
    if (this.seqs[at] !== seq || this.ids[at] === undefined) return;
    this.ids[at] = undefined;
    this.holes += 1;
  }

  /** Index of the first place whose seq is at least `seq`; the number of places if there is none. Binary search. */
  firstAtOrAfter(seq: number): number {
    let low = 0;
    let high = this.seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.seqs[middle] as number) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Closes the holes where they are the larger part. @returns whether places have moved */
  tidy(): boolean {
    if (this.holes <= MIN_HOLES || this.holes <= this.ids.length / 2) return false;
    let kept = 0;
    for (let at = 0; at < this.ids.length; at += 1) {
      if (this.ids[at] === undefined) continue;
      this.ids[kept] = this.ids[at];
      this.seqs[kept] = this.seqs[at] as number;
      kept += 1;
    }
    this.ids.length = kept;
    this.seqs.length = kept;
    this.holes = 0;
    return true;
  }
}
