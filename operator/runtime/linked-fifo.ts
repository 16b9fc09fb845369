/** A value's place in a {@link LinkedFifo}; it is in one list at most. */
export interface Place<T> {
  readonly value: T;
}

interface Node<T> extends Place<T> {
  previous: Node<T> | undefined;
  next: Node<T> | undefined;
}

/**
 * Values in the order in which they came; any of them leaves in constant time. (A Map used so gets slower with its length:
 * each look at its first entry passes by the holes that the ones before it left.)
 */
export class LinkedFifo<T> {
  #first: Node<T> | undefined;
  #last: Node<T> | undefined;

  get first(): T | undefined {
    return this.#first?.value;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Adds the value at the end. */
  push(value: T): Place<T> {
    const node: Node<T> = { value, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = node;
    else this.#last.next = node;
    this.#last = node;
    return node;
  }

  /** Takes a value out that is in this list, and not yet taken out. */
  remove(place: Place<T>): void {
    const { previous, next } = place as Node<T>;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
  }
}
