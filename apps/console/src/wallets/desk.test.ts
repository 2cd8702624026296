import { expect, test } from 'vitest';
import { createDesk } from './desk.ts';

interface Question {
  readonly text: string;
  readonly answer: (given: string | null) => void;
}

function desk() {
  const made = createDesk<Question>();
  const ask = (text: string) => made.ask<string>((answer) => ({ text, answer }));
  return { made, ask, text: () => made.present()?.question.text };
}

test('two questions at once are answered one after the other, each by its own answer', async () => {
  const { made, ask, text } = desk();
  const [first, second] = [ask('first'), ask('second')];
  expect(text()).toBe('first');
  made.present()?.question.answer('yes');
  expect(text()).toBe('second');
  made.present()?.question.answer('no');
  expect(await Promise.all([first, second])).toEqual(['yes', 'no']);
  expect(made.present()).toBeNull();
});

test('an answer that comes after its question was closed answers nothing else', async () => {
  const { made, ask, text } = desk();
  const first = ask('first');
  const late = made.present()?.question.answer;
  made.present()?.question.answer(null);
  const second = ask('second');
  late?.('from a wallet that took its time');
  expect(text()).toBe('second');
  made.present()?.question.answer('mine');
  expect(await Promise.all([first, second])).toEqual([null, 'mine']);
});

test('cleared, everybody who waits is told, and nothing is asked any more', async () => {
  const { made, ask } = desk();
  const waiting = [ask('one'), ask('two'), ask('three')];
  made.clear();
  expect(await Promise.all(waiting)).toEqual([null, null, null]);
  expect(made.present()).toBeNull();
});

test('whoever watches is told of each change, and sees the same question until it is answered', () => {
  const { made, ask } = desk();
  let changes = 0;
  const stop = made.subscribe(() => {
    changes += 1;
  });
  ask('one');
  expect(made.present()).toBe(made.present());
  expect(changes).toBe(1);
  made.present()?.question.answer(null);
  expect(changes).toBe(2);
  stop();
  ask('two');
  expect(changes).toBe(2);
});
