import type { Clock } from '@execgo/core';

/** Something to be called at a moment; kept in a ring of its slot. */
export class Deadline {
  next: Deadline = this;
  previous: Deadline = this;

  constructor(
    /** Monotonic milliseconds, whole. */
    readonly at: number,
    readonly fire: () => void,
  ) {}

  get pending(): boolean {
    return this.next !== this;
  }

  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this;
    this.previous = this;
  }
}

const SLOT_BITS = 6;
const SLOTS = 1 << SLOT_BITS;
/** Six levels of 64 slots reach 2^36 ms, about two years; what is later waits in the last one and is placed again. */
const LEVELS = 6;

/**
 * Any number of deadlines on one timer: a hierarchical timing wheel (Varghese and Lauck, 1987) with slots of 1, 64, 4096 …
 * milliseconds. Adding and cancelling cost the same however many there are. Never fires early; fires late by the timer's
 * own delay only.
 */
export class DeadlineWheel {
  private readonly slots = Array.from({ length: LEVELS * SLOTS }, () => new Deadline(0, () => {}));
  /** Everything before this millisecond has been fired. */
  private current: number;
  private count = 0;
  private timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(private readonly clock: Clock) {
    this.current = Math.floor(clock.monotonic());
  }

  /** Calls `fire` once, `ms` milliseconds from now or a little later. */
  add(ms: number, fire: () => void): Deadline {
    const now = this.clock.monotonic();
    if (this.count === 0) this.current = Math.max(this.current, Math.floor(now));
    const deadline = new Deadline(Math.max(this.current, Math.ceil(now + ms)), fire);
    this.place(deadline);
    this.count += 1;
    if (this.timer === undefined || deadline.at < this.timer.at) this.arm(deadline.at);
    return deadline;
  }

  /** Does nothing for a deadline that has fired or was cancelled. */
  cancel(deadline: Deadline | undefined): void {
    if (deadline === undefined || !deadline.pending) return;
    deadline.unlink();
    this.count -= 1;
    if (this.count === 0) this.disarm();
  }

  /** Forgets every deadline. */
  clear(): void {
    for (const slot of this.slots) while (slot.pending) slot.next.unlink();
    this.count = 0;
    this.disarm();
  }

  private place(deadline: Deadline): void {
    const delay = deadline.at - this.current;
    let level = 0;
    while (level < LEVELS - 1 && delay >= SLOTS ** (level + 1)) level += 1;
    const ticks = Math.min(
      Math.floor(deadline.at / SLOTS ** level),
      Math.floor(this.current / SLOTS ** level) + SLOTS - 1,
    );
    const slot = this.slot(level, ticks);
    deadline.previous = slot.previous;
    deadline.next = slot;
    slot.previous.next = deadline;
    slot.previous = deadline;
  }

  private slot(level: number, ticks: number): Deadline {
    return this.slots[level * SLOTS + (ticks % SLOTS)] as Deadline;
  }

  private arm(at: number): void {
    this.disarm();
    const cancel = this.clock.after(Math.max(0, at - this.clock.monotonic()), () => this.turnTo());
    this.timer = { at, cancel };
  }

  private disarm(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Fires what is due, then sleeps until the next slot that holds something. */
  private turnTo(): void {
    this.timer = undefined;
    const now = Math.floor(this.clock.monotonic());
    while (this.count > 0 && this.current <= now) {
      const next = this.nextOccupied();
      if (next > now) break;
      this.current = next;
      this.cascade();
      // Gone on before the callbacks: what they add for at once belongs to the next millisecond, since this slot is over.
      this.current += 1;
      this.fireSlot(this.slot(0, next));
    }
    if (this.count === 0) return;
    if (this.current <= now) this.current = now + 1;
    this.cascade();
    const next = this.nextOccupied();
    if (this.timer === undefined || next < (this.timer as { at: number }).at) this.arm(next);
  }

  private fireSlot(slot: Deadline): void {
    // A callback may add to this slot, for 64 ms later, so only what is there now is taken; and it may cancel what is due
    // with it, so that stays linked until its turn.
    const due = new Deadline(0, () => {});
    moveRing(slot, due);
    while (due.pending) {
      const deadline = due.next;
      deadline.unlink();
      this.count -= 1;
      deadline.fire();
    }
  }

  /** Places again, one level down, what the current slots of the upper levels hold. */
  private cascade(): void {
    for (let level = LEVELS - 1; level > 0; level -= 1) {
      const slot = this.slot(level, Math.floor(this.current / SLOTS ** level));
      if (!slot.pending) continue;
      const held = new Deadline(0, () => {});
      moveRing(slot, held);
      while (held.pending) {
        const deadline = held.next;
        deadline.unlink();
        this.place(deadline);
      }
    }
  }

  /** The first millisecond from `current` on at which a slot has to be looked at. */
  private nextOccupied(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level += 1) {
      const width = SLOTS ** level;
      const first = Math.floor(this.current / width);
      for (let ticks = first; ticks < first + SLOTS; ticks += 1) {
        if (!this.slot(level, ticks).pending) continue;
        earliest = Math.min(earliest, Math.max(this.current, ticks * width));
        break;
      }
    }
    return earliest;
  }
}

/** Hands everything linked to one ring head to another, empty one. */
function moveRing(from: Deadline, to: Deadline): void {
  if (!from.pending) return;
  to.next = from.next;
  to.previous = from.previous;
  to.next.previous = to;
  to.previous.next = to;
  from.next = from;
  from.previous = from;
}
