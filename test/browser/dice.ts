/** Random choices that come again with their seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    // Zero would stay zero; neighbouring seeds are spread out.
    this.#state = Math.imul(seed, 2_654_435_761) >>> 0 || 1;
    for (let turn = 0; turn < 4; turn += 1) this.next();
  }

  /** From 0 up to 1: a 32-bit xorshift (Marsaglia 2003), with shifts of 13, 17 and 5. */
  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state / 2 ** 32;
  }

  /** A whole number from 0 up to, and without, `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(of: number): boolean {
    return this.next() < of;
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new Error('nothing to pick from');
    return from[this.below(from.length)] as T;
  }

  shuffled<T>(from: readonly T[]): T[] {
    const left = [...from];
    const out: T[] = [];
    while (left.length > 0) out.push(...left.splice(this.below(left.length), 1));
    return out;
  }
}
