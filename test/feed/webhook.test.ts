import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect } from 'vitest';
import { meetingStream, type StreamEvent } from '../../src/core/event.ts';
import { newId } from '../../src/core/identifier.ts';
import { fromCloudEvent, HandlingError, verifyWebhook, webhook, type WebhookOptions } from '../../src/feed/index.ts';
import { fails } from '../setup/service.ts';
import { append, quick, soon, test } from './feeding.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
}

/** A receiver that remembers, and answers as it is told. */
async function receiver(
  answer: (response: ServerResponse, count: number) => void = (response) => void response.writeHead(204).end(),
) {
  const received: Received[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { headers, method, url } = request;
      received.push({ headers, method, url, body });
      answer(response, received.length);
    });
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    port,
    get connections() {
      return connections;
    },
    options: { url: `http://127.0.0.1:${port}/hook?for=convoke`, secret, allowHttp: true } satisfies WebhookOptions,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function someEvent(): StreamEvent {
  return {
    ...{ id: newId(), stream: meetingStream(newId()), seq: 1, epoch: newId(), prev: 0, type: 'meeting.started' },
    ...{ time: new Date().toISOString(), audience: 'all', actorId: null, data: { text: 'Grüße 👋🏽' } },
  };
}

const never = new AbortController().signal;
const send = (options: WebhookOptions, events = [someEvent()], signal = never) =>
  Promise.resolve(webhook(options)(events, signal));
const failure = (sent: Promise<void>) =>
  sent.then(
    () => expect.fail('it went well'),
    (error: unknown) => error,
  );

describe('what a receiver gets', () => {
  test('one signed CloudEvent for each event, in order, over one connection', async () => {
    await using at = await receiver((response) => void response.end('thank you'));
    const events = [someEvent(), someEvent(), someEvent()];
    await send({ ...at.options, headers: { authorization: 'Bearer x' } }, events);
    expect(at.received.map(({ body }) => fromCloudEvent(JSON.parse(body)))).toEqual(events);
    expect(at.received.map(({ body, headers }) => verifyWebhook(headers, body, secret).id)).toEqual(
      events.map(({ id }) => id),
    );
    const [{ method, url, headers } = at.received[0]!] = at.received;
    expect({ method, url }).toEqual({ method: 'POST', url: '/hook?for=convoke' });
    expect(headers).toMatchObject({
      'content-type': 'application/cloudevents+json',
      authorization: 'Bearer x',
      'user-agent': 'convoke',
    });
    expect(at.connections).toBe(1);
  });

  test('a batch in one request, whose id is the same whenever it is the same batch', async () => {
    await using at = await receiver();
    const events = [someEvent(), someEvent()];
    for (const sent of [events, events, [events[0]!], []])
      if (sent.length > 0) await send({ ...at.options, batch: true }, sent);
    const bodies = at.received.map(({ body }) => (JSON.parse(body) as unknown[]).map(fromCloudEvent));
    expect(bodies).toEqual([events, events, [events[0]]]);
    const ids = at.received.map(({ body, headers }) => verifyWebhook(headers, body, secret).id);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toMatch(/^batch_[0-9a-f]{32}$/);
    expect(ids[2]).toBe(events[0]?.id);
    expect(at.received[0]?.headers['content-type']).toBe('application/cloudevents-batch+json');
  });

  test('signatures of all secrets, while they are being changed', async () => {
    await using at = await receiver();
    const former = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    await send({ ...at.options, secret: [secret, former] });
    const [{ headers, body } = at.received[0]!] = at.received;
    for (const one of [secret, former]) expect(verifyWebhook(headers, body, one).id).toBeTruthy();
  });
});

describe('what an answer means', () => {
  test.for([200, 201, 202, 204, 299])('%d is success', async (status) => {
    await using at = await receiver((response) => void response.writeHead(status).end());
    await send(at.options);
    expect(at.received).toHaveLength(1);
  });

  test.for([301, 302, 307, 308, 400, 404, 429, 500, 503])(
    '%d is a failure, and no redirect is followed',
    async (status) => {
      await using elsewhere = await receiver();
      await using at = await receiver(
        (response) => void response.writeHead(status, { location: elsewhere.options.url }).end('swordfish'),
      );
      expect(await failure(send(at.options))).toMatchObject({
        message: `the receiver answered ${status}`,
        verdict: { outcome: 'retry', retryAfterMs: 0 },
      });
      expect([at.received.length, elsewhere.received.length]).toEqual([1, 0]);
    },
  );

  test('410 means that it wants no more', async () => {
    await using at = await receiver((response) => void response.writeHead(410).end());
    expect(await failure(send(at.options))).toMatchObject({ verdict: { outcome: 'halt' } });
  });

  test.for([
    ['120', 120_000, 120_000],
    ['0', 0, 0],
    ['999999999', 3_600_000, 3_600_000],
    [new Date(Date.now() + 600_000).toUTCString(), 300_000, 600_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0, 0],
    ['soon', 0, 0],
    ['-5', 0, 0],
  ] as const)('Retry-After: %s', async ([value, least, most]) => {
    await using at = await receiver((response) => void response.writeHead(503, { 'retry-after': value }).end());
    const error = await failure(send(at.options));
    if (!(error instanceof HandlingError)) throw error;
    expect(error.verdict.retryAfterMs).toBeGreaterThanOrEqual(least);
    expect(error.verdict.retryAfterMs).toBeLessThanOrEqual(most);
  });

  test('none in time is a failure', async () => {
    await using at = await receiver(() => {});
    expect(await failure(send({ ...at.options, timeoutMs: 50 }))).toMatchObject({
      message: 'the receiver did not answer within 50 ms',
    });
  });

  test('nobody there is a failure that does not tell the address', async () => {
    const at = await receiver();
    await at[Symbol.asyncDispose]();
    expect(await failure(send(at.options))).toMatchObject({
      message: 'the receiver could not be reached (ECONNREFUSED)',
    });
    // A certificate is asked for where there is none.
    await using plain = await receiver();
    const error = await failure(send({ ...plain.options, url: `https://127.0.0.1:${plain.port}/` }));
    expect(error).toMatchObject({ message: expect.stringMatching(/^the receiver could not be reached \([A-Z_]+\)$/) });
    expect(plain.received).toEqual([]);
  });

  test('a body without end is cut off', async () => {
    let cut = false;
    await using at = await receiver((response) => {
      const more = () => {
        while (response.write('x'.repeat(10_000)));
      };
      response.on('drain', more).on('close', () => (cut = true));
      more();
    });
    await send(at.options);
    await expect.poll(() => cut, soon).toBe(true);
  });

  test('whoever stops the consumer stops the request', async () => {
    await using at = await receiver(() => {});
    const stop = new AbortController();
    const sent = failure(send(at.options, [someEvent(), someEvent()], stop.signal));
    await expect.poll(() => at.received, soon).toHaveLength(1);
    stop.abort();
    expect(await sent).not.toBeInstanceOf(HandlingError);
    expect(at.received).toHaveLength(1);
  });
});

describe('private networks', () => {
  test.for([
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '2130706433',
    '10.1.2.3',
    '169.254.169.254',
    '[fd00::1]',
  ])('%s is refused where they are not allowed', async (host) => {
    await using at = await receiver();
    const options = { ...at.options, url: `http://${host}:${at.port}/`, timeoutMs: 5_000 };
    expect(await failure(send({ ...options, privateNetworks: false }))).toMatchObject({
      message: 'the receiver is in a private or reserved network',
    });
    expect(at.received).toEqual([]);
  });

  test('a name in one is reached where they are allowed', async () => {
    await using at = await receiver();
    await send({ ...at.options, url: `http://localhost:${at.port}/` });
    expect(at.received).toHaveLength(1);
  });
});

describe('as a consumer', () => {
  test('sends what happened, and again until it is taken, under the same id', async ({ log, service, reader }) => {
    await using at = await receiver(
      (response, count) => void response.writeHead(count <= 2 ? 500 : 200).end('swordfish'),
    );
    await service.consume(reader, webhook(at.options), quick);
    const ids = await append(log, 3);
    const taken = () => at.received.slice(2).map(({ headers }) => headers['webhook-id']);
    await expect.poll(taken, soon).toEqual(ids);
    expect(at.received.slice(0, 2).map(({ headers }) => headers['webhook-id'])).toEqual([ids[0], ids[0]]);
  });

  test('keeps nothing of what a receiver says', async ({ log, service, reader }) => {
    await using at = await receiver(
      (response) => void response.writeHead(500, 'swordfish', { 'x-secret': 'swordfish' }).end('swordfish'),
    );
    const consumer = await service.consume(reader, webhook(at.options), { ...quick, maxAttempts: 2 });
    await append(log, 1);
    await expect
      .poll(async () => (await consumer.parked()).items.map(({ error }) => error), soon)
      .toEqual(['HandlingError: the receiver answered 500']);
  });

  test('halts when the receiver wants no more', async ({ log, service, reader }) => {
    await using at = await receiver((response) => void response.writeHead(410).end());
    const consumer = await service.consume(reader, webhook(at.options), quick);
    await append(log, 2);
    await expect.poll(async () => (await consumer.status()).haltedAt, soon).not.toBeNull();
    expect(await consumer.status()).toMatchObject({
      parked: 0,
      lastError: 'HandlingError: the receiver answered 410: it wants no more',
    });
    expect(at.received).toHaveLength(1);
  });
});

test.for([
  [{ url: 'http://example.org/' }, 'url'],
  [{ url: 'ftp://example.org/' }, 'url'],
  [{ url: 'https://user:swordfish@example.org/' }, 'url'],
  [{ secret: 'swordfish' }, 'secret'],
  [{ secret: [] }, 'secret'],
  [{ timeoutMs: 0 }, 'timeoutMs'],
  [{ headers: { 'Webhook-Id': 'x' } }, 'headers'],
  [{ headers: { 'content-type': 'x' } }, 'headers'],
  [{ headers: { 'a b': 'x' } }, 'headers.?'],
  [{ headers: { a: 'x\r\ny: z' } }, 'headers.a'],
  [{ surprise: true }, 'surprise'],
] as const)('refuses %o', async ([change, path]) => {
  const made = Promise.resolve().then(() => webhook({ url: 'https://example.org/', secret, ...change }));
  const { message, details } = await fails(made, 'VALIDATION');
  expect(details['fields']).toEqual([expect.objectContaining({ path })]);
  expect(message).not.toContain('swordfish');
});
