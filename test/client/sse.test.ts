import { expect, test } from 'vitest';
import { epoch, event, events, HttpStage, meetingId, stream, subscribed, until } from './stage.ts';
import { clientOf, follow } from './visitor.ts';

const sse = { transports: ['sse'] } as const;

test('a stream is one request, and goes on at its cursor after a cut', async () => {
  await using stage = await HttpStage.open();
  const { client, statuses } = clientOf(stage, sse);
  const { subscription, heard } = follow(client);
  const first = await stage.exchange('GET');
  expect(first.request.headers.accept).toBe('text/event-stream');
  expect(Object.fromEntries(first.url.searchParams)).toEqual({ stream: `meeting:${meetingId}` });
  first.begin(subscribed(0), events(1, 2));
  await until(() => expect(heard).toEqual([1, 2]));
  first.cut();

  const second = await stage.exchange('GET', 1);
  expect(Object.fromEntries(second.url.searchParams)).toEqual({
    ...{ stream: `meeting:${meetingId}`, after: `${epoch}:2` },
  });
  second.begin(subscribed(2, true), events(2), events(3));
  await until(() => expect(heard).toEqual([1, 2, 3]));
  expect(statuses.map(({ state }) => state)).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open']);
  subscription.stop();
  await until(() => expect(second.gone).toBe(true));
  expect(client.status.state).toBe('open');
});

test('frames are read however the network cuts them', async () => {
  await using stage = await HttpStage.open();
  const { client } = clientOf(stage, sse);
  const { subscription, heard } = follow(client);
  const words: unknown[] = [];
  subscription.on('chat.message.sent', ({ data }) => void words.push(data.content));
  const exchange = await stage.exchange('GET');
  exchange.begin(subscribed(0));
  const said = event(1, { type: 'chat.message.sent', data: { content: 'Grüße 👋🏽' } });
  const bytes = Buffer.from(`: hello\r\nid: ${epoch}:1\r\ndata: ${JSON.stringify(events(said))}\r\n\r\n`);
  for (const byte of bytes) {
    exchange.response.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  await until(() => expect(heard).toEqual([1]));
  expect(words).toEqual(['Grüße 👋🏽']);
});

test('the token goes in a header with every request, and is asked for anew', async () => {
  await using stage = await HttpStage.open();
  let asked = 0;
  const { client } = clientOf(stage, { ...sse, token: () => `token-${++asked}` });
  follow(client);
  const stream1 = await stage.exchange('GET');
  expect(stream1.request.headers.authorization).toBe('Bearer token-1');
  stream1.begin(subscribed(0));
  void client.command('meetings.get', meetingId).catch(() => {});
  const post = await stage.exchange('POST');
  expect(post.request.headers.authorization).toBe('Bearer token-2');
  expect(post.url.href).not.toContain('token');
  await client.authenticate(); // nothing to be told: the next request brings its own
});

test('a token that has run out on its way is followed by the next, once', async () => {
  await using stage = await HttpStage.open();
  let asked = 0;
  const { client } = clientOf(stage, { ...sse, token: () => `token-${Math.min(++asked, 3)}` });
  const sent = client.command('meetings.get', meetingId);
  (await stage.exchange('POST')).answer(401, null);
  const second = await stage.exchange('POST', 1);
  expect(second.request.headers.authorization).toBe('Bearer token-2');
  second.answer(200, { kind: 'done', id: JSON.parse(second.body).id, result: null, seq: null });
  await sent;
  follow(client);
  (await stage.exchange('GET')).answer(401, null); // there is no token but this one any more
  await until(() => expect(client.status).toMatchObject({ state: 'closed', error: { code: 'UNAUTHORIZED' } }));
  expect(stage.exchanges).toHaveLength(3);
});

test('commands are posted one after another and answered by a frame', async () => {
  await using stage = await HttpStage.open();
  const { client } = clientOf(stage, sse);
  const sent = client.command('chat.send', meetingId, { content: 'one' });
  const refused = client.command('chat.send', meetingId, { content: 'two' });
  const unseen = client.command('meetings.get', meetingId);
  const first = await stage.exchange('POST');
  expect(first.request.headers['content-type']).toBe('application/json');
  const { id, ...command } = JSON.parse(first.body);
  expect(command).toEqual({ kind: 'command', operation: 'chat.send', input: [meetingId, { content: 'one' }] });
  expect(stage.exchanges).toHaveLength(1);
  first.answer(200, { kind: 'done', id, result: { content: 'one' }, seq: 4 });
  await expect(sent).resolves.toEqual({ result: { content: 'one' }, seq: 4 });
  expect(client.status).toEqual({ state: 'open', transport: 'sse' });

  const second = await stage.exchange('POST', 1);
  const failed = {
    kind: 'failed',
    id: JSON.parse(second.body).id,
    code: 'FORBIDDEN',
    message: 'No.',
    details: { a: 1 },
  };
  second.answer(403, failed);
  await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN', message: 'No.', details: { a: 1 } });
  const third = await stage.exchange('POST', 2);
  third.answer(404, { type: 'about:blank', detail: 'There is no such meeting.' });
  await expect(unseen).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'There is no such meeting.' });
});

test('a command whose answer was lost is posted again under its id', async () => {
  await using stage = await HttpStage.open();
  const { client } = clientOf(stage, sse);
  const sent = client.command('chat.send', meetingId, { content: 'one' });
  const first = await stage.exchange('POST');
  first.cut();
  const second = await stage.exchange('POST', 1);
  expect(second.body).toBe(first.body);
  second.answer(503, { message: 'later' });
  const third = await stage.exchange('POST', 2);
  third.answer(200, null); // a proxy's idea of an answer
  const fourth = await stage.exchange('POST', 3);
  expect(fourth.body).toBe(first.body);
  fourth.answer(200, { kind: 'done', id: JSON.parse(first.body).id, result: null, seq: 1 });
  await expect(sent).resolves.toEqual({ result: null, seq: 1 });
});

test('what is said in passing is posted, and nobody waits for it', async () => {
  await using stage = await HttpStage.open();
  const { client, errors } = clientOf(stage, sse);
  const { subscription, heard } = follow(client);
  const stream1 = await stage.exchange('GET');
  stream1.begin(subscribed(0), events(1));
  await until(() => expect(heard).toEqual([1]));
  subscription.signal('reaction', 1);
  const first = await stage.exchange('POST');
  expect(JSON.parse(first.body)).toEqual({ kind: 'signal', stream, type: 'reaction', data: 1 });
  first.answer(500, { message: 'no' });
  subscription.state('idle', true);
  const second = await stage.exchange('POST', 1);
  expect(JSON.parse(second.body)).toEqual({ kind: 'state', stream, type: 'idle', data: true });
  second.cut();
  stream1.send(events(2));
  await until(() => expect(heard).toEqual([1, 2]));
  expect([client.status.state, errors, stage.exchanges.length]).toEqual(['open', [], 3]);
});
