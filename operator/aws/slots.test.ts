import { describe, expect, it } from '@jest/globals';
import { Slots } from './slots.ts';

const never = new AbortController().signal;

describe('Slots', () => {
  it('given all places taken, serves in order as they come back, once each', async () => {
    const slots = new Slots(1);
    const release = await slots.take(never);
    const served: string[] = [];
    const first = slots.take(never).then((give) => (served.push('first'), give));
    const second = slots.take(never).then((give) => (served.push('second'), give));
    release();
    release();
    const giveFirst = await first;
    expect(served).toEqual(['first']);
    giveFirst();
    await second;
    expect(served).toEqual(['first', 'second']);
  });

  it('given a place in the queue that is given up, the next one moves up', async () => {
    const slots = new Slots(1);
    const release = await slots.take(never);
    const controller = new AbortController();
    const givenUp = slots.take(controller.signal);
    const next = slots.take(never);
    controller.abort(new Error('enough'));
    await expect(givenUp).rejects.toThrow('enough');
    release();
    await expect(next).resolves.toBeInstanceOf(Function);
    await expect(slots.take(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });

  it('given a free place, then it is had at once; given none, then nothing waits for it', async () => {
    const slots = new Slots(1);
    const release = slots.takeFree();
    expect(release).toBeInstanceOf(Function);
    expect(slots.takeFree()).toBeUndefined();
    release?.();
    release?.();
    await expect(slots.take(never)).resolves.toBeInstanceOf(Function);
    expect(slots.takeFree()).toBeUndefined();
  });

  it('given more places than before, then they are given out; given fewer, then nobody has one until enough came back', () => {
    const slots = new Slots(1);
    const served: (() => void)[] = [];
    for (let n = 0; n < 4; n += 1) slots.queue((release) => served.push(release));
    expect(served).toHaveLength(0);
    slots.resize(3);
    expect(served).toHaveLength(3);
    slots.resize(1);
    served[0]?.();
    served[1]?.();
    expect(served).toHaveLength(3);
    expect(slots.takeFree()).toBeUndefined();
    served[2]?.();
    expect(served).toHaveLength(4);
  });
});
