/** Length of every rate-limit window, ms (06 §1.8). */
export const WINDOW_MS = 60_000;

const FIRST_CAPACITY = 8;

/**
 * An exact sliding window of request times. Requests of the same millisecond share one slot, so a window never needs
 * more than one slot per millisecond of its length, however high the limit is; it starts with eight and grows as used.
 */
export class SlidingWindow {
  #times = new Float64Array(FIRST_CAPACITY);
  #counts = new Uint32Array(FIRST_CAPACITY);
  #head = 0;
  #slots = 0;
  #total = 0;

  /** Forgets requests that have left the window. A request made at `t` leaves at `t + WINDOW_MS`. */
  advance(now: number): void {
    const mask = this.#times.length - 1;
    while (this.#slots > 0 && (this.#times[this.#head] ?? 0) + WINDOW_MS <= now) {
      this.#total -= this.#counts[this.#head] ?? 0;
      this.#head = (this.#head + 1) & mask;
      this.#slots -= 1;
    }
  }

  /** Requests in the window, as of the last `advance`. */
  get total(): number {
    return this.#total;
  }

  /** Time of the oldest request in the window, or null when it is empty. */
  get oldest(): number | null {
    return this.#slots === 0 ? null : (this.#times[this.#head] ?? null);
  }

  /** Memory in use, in slots. */
  get capacity(): number {
    return this.#times.length;
  }

  /** Counts a request. `now` is a whole millisecond and never before that of an earlier call. */
  add(now: number): void {
    this.#total += 1;
    const mask = this.#times.length - 1;
    const newest = (this.#head + this.#slots - 1) & mask;
    if (this.#slots > 0 && this.#times[newest] === now) {
      this.#counts[newest] = (this.#counts[newest] ?? 0) + 1;
      return;
    }
    if (this.#slots === this.#times.length) this.#grow();
    const next = (this.#head + this.#slots) & (this.#times.length - 1);
    this.#times[next] = now;
    this.#counts[next] = 1;
    this.#slots += 1;
  }

  #grow(): void {
    const size = this.#times.length;
    const times = new Float64Array(size * 2);
    const counts = new Uint32Array(size * 2);
    for (let index = 0; index < size; index += 1) {
      const from = (this.#head + index) & (size - 1);
      times[index] = this.#times[from] ?? 0;
      counts[index] = this.#counts[from] ?? 0;
    }
    this.#times = times;
    this.#counts = counts;
    this.#head = 0;
  }
}
