import { describe, expect, test } from 'vitest';
import { createFaultBook } from './fault-book.ts';

describe('a fault book', () => {
  test('hits only the method named, and only so many times', () => {
    const book = createFaultBook();
    book.add({ type: 'dropReply', method: 'sendTransaction', times: 2 });
    expect(book.take('dropReply', 'getSlot')).toBeUndefined();
    expect(book.take('hang', 'sendTransaction')).toBeUndefined();
    expect(book.take('dropReply', 'sendTransaction')).toBeDefined();
    expect(book.list()).toEqual([{ type: 'dropReply', method: 'sendTransaction', times: 1 }]);
    expect(book.take('dropReply', 'sendTransaction')).toBeDefined();
    expect(book.take('dropReply', 'sendTransaction')).toBeUndefined();
  });

  test('takes faults of one type in the order they were added', () => {
    const book = createFaultBook();
    book.add({ type: 'landLate', slots: 1, times: 1 });
    book.add({ type: 'landLate', slots: 2 });
    expect([book.take('landLate')?.slots, book.take('landLate')?.slots, book.take('landLate')?.slots]).toEqual([
      1, 2, 2,
    ]);
  });

  test('switches one fault or all of them off', () => {
    const book = createFaultBook();
    const off = book.add({ type: 'hang' });
    book.add({ type: 'delay', ms: 5 });
    off();
    expect(book.list()).toEqual([{ type: 'delay', ms: 5 }]);
    book.reset();
    expect(book.take('delay', 'getSlot')).toBeUndefined();
  });
});
