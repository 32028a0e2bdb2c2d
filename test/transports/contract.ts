/** What every transport that the service drives has to do, seen through the client and a real network. */
import { expect } from 'vitest';
import { ConvokeError } from '../../src/client/index.ts';
import { newId } from '../../src/core/identifier.ts';
import type { MeetingServiceOptions } from '../../src/options.ts';
import { execute, templateSchema } from '../setup/postgres.ts';
import { test as base } from '../setup/service.ts';
import { type Adapter, hear, Stage, tokenFor, until } from './stage.ts';

type Open = (options?: Partial<MeetingServiceOptions>) => Promise<Stage>;

/** `test` with stages on the file's database; what others do there is seen soon. */
export function stageTest(adapter: Adapter) {
  return base.extend<{ open: Open }>({
    open: async ({ url, clock }, use) => {
      const stages: Stage[] = [];
      await use(async (options = {}) => {
        const stage = await Stage.open(adapter, url, {
          clock,
          ...options,
          realtime: { headCheckMs: 50, ...options.realtime },
        });
        stages.push(stage);
        return stage;
      });
      for (const stage of stages) await stage[Symbol.asyncDispose]();
    },
  });
}

const kinds = (statuses: readonly { readonly state: string }[]) => statuses.map(({ state }) => state);

export function transportContract(test: ReturnType<typeof stageTest>, { name }: Adapter): void {
  test(`${name}: what is done by one is answered, and heard by all`, async ({ open, running }) => {
    const stage = await open();
    const { id, host, participants } = await running({ participants: 1 });
    const [bob = ''] = participants;
    const ada = await stage.visit(host);
    const heard = [await hear(ada, id), await hear(await stage.visit(bob), id)];
    const { result, seq } = await ada.client.command('chat.send', id, { content: 'Shall we begin?' });
    expect(result).toMatchObject({ meetingId: id, senderId: host, content: 'Shall we begin?' });
    for (const { words, seqs } of heard) {
      await until(() => expect(words).toEqual(['Shall we begin?']));
      expect(seqs).toEqual([seq]);
    }
    const edited = await ada.client.command('chat.edit', result.id, { content: 'Let us begin.' });
    expect(edited.seq).toBe((seq ?? 0) + 1);
    const mark = await ada.client.command('chat.markRead', id, result.id);
    expect(mark).toMatchObject({ result: { messageId: result.id }, seq: null });
    expect(ada.errors).toEqual([]);
  });

  test(`${name}: commands are done in the order in which they were given`, async ({ open, running }) => {
    const stage = await open();
    const { id, host } = await running();
    const ada = await stage.visit(host);
    const { words } = await hear(ada, id);
    const given = Array.from({ length: 30 }, (_, index) => `${index}`);
    const answers = given.map((content) => ada.client.command('chat.send', id, { content }));
    const seqs = (await Promise.all(answers)).map(({ seq }) => seq ?? 0);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    await until(() => expect(words).toEqual(given));
  });

  test(`${name}: what two say to each other reaches nobody else`, async ({ open, running }) => {
    const stage = await open();
    const { id, host, participants } = await running({ participants: 2 });
    const [bob = '', eve = ''] = participants;
    const ada = await stage.visit(host);
    const [mine, his, hers] = [
      await hear(ada, id),
      await hear(await stage.visit(bob), id),
      await hear(await stage.visit(eve), id),
    ];
    await ada.client.command('chat.send', id, { content: 'between us', recipientId: bob });
    await ada.client.command('chat.send', id, { content: 'for all' });
    await until(() => expect(hers.words).toEqual(['for all']));
    for (const { words } of [mine, his]) await until(() => expect(words).toEqual(['between us', 'for all']));
  });

  test(`${name}: what is said in passing is heard, and never stored`, async ({ open, running }) => {
    const stage = await open();
    const { id, host, participants } = await running({ participants: 1 });
    const [bob = ''] = participants;
    const mine = await hear(await stage.visit(host), id);
    const his = await hear(await stage.visit(bob), id);
    const heard: unknown[] = [];
    his.subscription.on('signal', (passing) => void heard.push(passing));
    his.subscription.on('state', (passing) => void heard.push(passing));
    mine.subscription.signal('reaction', { emoji: '👍' });
    await until(() => expect(heard).toContainEqual({ from: host, type: 'reaction', data: { emoji: '👍' } }));
    mine.subscription.state('idle', true);
    await until(() => expect(heard).toContainEqual({ from: host, type: 'idle', data: true }));
    expect([...mine.seqs, ...his.seqs]).toEqual([]);
  });

  test(`${name}: whoever is removed hears that, and is not let in again`, async ({ open, running }) => {
    const stage = await open();
    const { id, host, participants } = await running({ participants: 1 });
    const [bob = ''] = participants;
    const visitor = await stage.visit(bob);
    const { types } = await hear(visitor, id);
    await stage.service.as({ userId: host }).participants.remove(id, bob);
    await until(() => expect(visitor.client.status.state).toBe('closed'));
    expect(types.at(-1)).toBe('participant.removed');
    expect(visitor.statuses.at(-1)).toMatchObject({ error: { code: 'REMOVED', details: { closeCode: 3503 } } });
    const { ends } = await hear(await stage.visit(bob), id);
    expect(ends).toEqual(['NOT_FOUND']);
  });

  test(`${name}: a stream that is refused leaves the others alone`, async ({ open, running }) => {
    const stage = await open();
    const [{ id, host }, other] = [await running(), await running()];
    const ada = await stage.visit(host);
    const { words } = await hear(ada, id);
    expect((await hear(ada, other.id)).ends).toEqual(['NOT_FOUND']);
    await ada.client.command('chat.send', id, { content: 'still here' });
    await until(() => expect(words).toEqual(['still here']));
    expect(kinds(ada.statuses)).toEqual(['connecting', 'open']);
  });

  test(`${name}: after a cut everything comes that was missed, once`, async ({ open, running }) => {
    const stage = await open();
    const { id, host, participants } = await running({ participants: 1 });
    const [bob = ''] = participants;
    const visitor = await stage.visit(bob);
    const { words, seqs } = await hear(visitor, id);
    const rooms = stage.service.as({ userId: host });
    const given: string[] = [];
    for (let cut = 0; cut < 3; cut++) {
      for (let each = 0; each < 5; each++) given.push(`${cut}.${each}`);
      for (const content of given.slice(-5, -2)) await rooms.chat.send(id, { content });
      await visitor.network.cut();
      for (const content of given.slice(-2)) await rooms.chat.send(id, { content });
      await visitor.network.restore();
      await until(() => expect(words).toEqual(given));
    }
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
    expect(visitor.statuses.filter(({ state }) => state === 'waiting').length).toBeGreaterThanOrEqual(3);
  });

  test(`${name}: a command that is sent again is done once, and answered the same`, async ({ open, running, url }) => {
    const stage = await open();
    const { id, host } = await running();
    const command = { id: newId() };
    const said = { content: `said under ${command.id}` };
    const one = await stage.visit(host);
    const answer = await one.client.with(command).command('chat.send', id, said);
    const two = await stage.visit(host);
    expect(await two.client.with(command).command('chat.send', id, said)).toEqual(answer);
    expect(answer.seq).not.toBeNull();
    const rows = await execute<{ count: number }>(
      url,
      `select count(*)::int as count from ${templateSchema}.meeting_chat_messages where content = '${said.content}'`,
    );
    expect(rows).toEqual([{ count: 1 }]);
    const other = two.client.with(command).command('chat.send', id, { content: 'something else' });
    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  test(`${name}: a command that was cut off is sent again by itself, and done once`, async ({ open, running }) => {
    const stage = await open();
    const { id, host } = await running();
    const ada = await stage.visit(host);
    const { words } = await hear(ada, id);
    const given = Array.from({ length: 40 }, (_, index) => `${index}`);
    const answers = given.map((content) => ada.client.command('chat.send', id, { content }));
    await Promise.race(answers);
    ada.network.resetAll();
    await Promise.all(answers);
    await until(() => expect(words).toEqual(given));
  });

  test(`${name}: a refusal says why, with its code and details`, async ({ open, running, scheduled }) => {
    const stage = await open();
    const [{ id, host }, planned] = [await running(), await scheduled()];
    const { client } = await stage.visit(host);
    const blank = client.command('chat.send', id, { content: '' });
    await expect(blank).rejects.toMatchObject({
      ...{ code: 'VALIDATION', details: { fields: [{ path: 'content', message: 'must not be blank' }] } },
    });
    await expect(client.command('chat.send', planned.id, { content: 'hello' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const ending = client.command('meetings.end', id);
    await expect(ending).rejects.toMatchObject({ code: 'VALIDATION', details: { fields: [{ path: 'operation' }] } });
    await expect(ending).rejects.toBeInstanceOf(ConvokeError);
    expect((await client.command('participants.raiseHand', id)).result.handRaisedAt).not.toBeNull();
  });

  test(`${name}: whoever comes in by command is known by their connection`, async ({ open, running, url }) => {
    const stage = await open();
    const { id, host, participants } = await running({ participants: 1, present: false });
    const [bob = ''] = participants;
    const { client } = await stage.visit(bob);
    const join = { id: newId() };
    const { result } = await client.with(join).command('participants.join', id);
    expect(result).toMatchObject({ authUserId: bob, isPresent: true });
    const again = await stage.visit(bob);
    expect((await again.client.with(join).command('participants.join', id)).result).toMatchObject({ isPresent: true });
    const rows = await execute<{ connection_id: string }>(
      url,
      `select connection_id from ${templateSchema}.meeting_participant_sessions
       where meeting_id = '${id}' and auth_user_id = '${bob}' and left_at is null`,
    );
    for (const row of rows) expect(row.connection_id).not.toBe('');
    const { result: left } = await client.command('participants.leave', id);
    expect(left).toMatchObject({ isPresent: false });
    await expect(stage.service.as({ userId: host }).participants.list(id)).resolves.toMatchObject({ total: 2 });
  });

  test(`${name}: nobody is told nothing, but not to come back`, async ({ open, running }) => {
    const stage = await open();
    const { id } = await running();
    const visitor = await stage.visit('a stranger');
    const subscription = visitor.client.meeting(id).subscribe();
    const heard: unknown[] = [];
    subscription.on('*', (event) => void heard.push(event));
    await until(() =>
      expect(visitor.client.status).toMatchObject({ state: 'closed', error: { code: 'UNAUTHORIZED' } }),
    );
    expect(heard).toEqual([]);
  });

  test(`${name}: whose credentials expire is cut off, and comes back with new ones`, async ({ open, running }) => {
    const stage = await open();
    const { id, host } = await running();
    let validMs = 1_500;
    const visitor = await stage.visit(() => tokenFor(host, Date.now() + validMs));
    const { words } = await hear(visitor, id);
    validMs = 60_000;
    await until(() => expect(visitor.statuses).toContainEqual(expect.objectContaining({ closeCode: 3005 })));
    await until(() => expect(visitor.client.status.state).toBe('open'));
    await visitor.client.command('chat.send', id, { content: 'back' });
    await until(() => expect(words).toEqual(['back']));
  });

  test(`${name}: a reader who is slow for too long goes, and misses nothing by it`, async ({ open, running }) => {
    const settings = { highWaterBytes: 16_384, lowWaterBytes: 4_096, maxLagMs: 300 };
    const stage = await open({ realtime: settings });
    const { id, host, participants } = await running({ participants: 1 });
    const [bob = ''] = participants;
    const [healthy, slow] = [await stage.visit(host), await stage.visit(bob)];
    const [well, late] = [await hear(healthy, id), await hear(slow, id)];
    const rooms = stage.service.as({ userId: host });
    slow.network.frozen = true;
    const content = '🐌'.repeat(4_000);
    let sent = 0;
    // The network itself takes some megabytes before anybody notices.
    while ((await stage.service.health()).realtime.subscriptions > 1) {
      await Promise.all(Array.from({ length: 20 }, () => rooms.chat.send(id, { content })));
      sent += 20;
      if (sent > 2_000) throw new Error('nobody minds');
    }
    await until(() => expect(well.words).toHaveLength(sent));
    expect(late.words.length).toBeLessThan(sent);
    slow.network.frozen = false;
    await until(() => expect(slow.statuses).toContainEqual(expect.objectContaining({ closeCode: 3008 })));
    await until(() => expect(late.words).toHaveLength(sent));
    expect(late.seqs).toEqual(late.seqs.map((_, index) => (late.seqs[0] ?? 0) + index));
    expect(kinds(healthy.statuses)).toEqual(['connecting', 'open']);
  });

  test(`${name}: a service that closes answers what it has begun, and sends its clients elsewhere`, async ({
    open,
    running,
  }) => {
    const stage = await open();
    const { id, host } = await running();
    const [ada, watching] = [await stage.visit(host), await stage.visit(host)];
    const { words } = await hear(watching, id);
    const given = Array.from({ length: 50 }, (_, index) => `${index}`);
    const answers = given.map((content) => ada.client.command('chat.send', id, { content }));
    const outcomes = Promise.allSettled(answers);
    await answers[0];
    await stage.service.close();
    await until(() =>
      expect(watching.statuses).toContainEqual(expect.objectContaining({ state: 'waiting', closeCode: 3001 })),
    );
    await until(() => expect(ada.statuses).toContainEqual(expect.objectContaining({ state: 'waiting' })));
    ada.client.close();
    const answered = (await outcomes).filter(({ status }) => status === 'fulfilled').length;
    expect(answered).toBeGreaterThan(0);
    // Everything that was done was also heard, and nothing that was not begun was done.
    expect(words).toEqual(given.slice(0, answered));
  });
}
