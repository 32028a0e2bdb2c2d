import { lookup as resolve } from 'node:dns';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { HandlingError } from './failure.rules.ts';

/** What is looked at of an answer. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
}

export interface PostOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly privateNetworks: boolean;
}

/**
 * Posts a text. Follows no redirect and reads no body.
 * @throws HandlingError in words that hold neither the address nor anything the receiver has said
 */
export async function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  { signal, timeoutMs, privateNetworks }: PostOptions,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    if (!privateNetworks) refuseReserved(url.hostname.replaceAll(/^\[|\]$/g, ''));
    return await exchange(
      url,
      headers,
      body,
      AbortSignal.any([signal, timeout]),
      privateNetworks ? null : guardedLookup,
    );
  } catch (cause) {
    if (signal.aborted) throw cause;
    if (cause instanceof HandlingError) throw cause;
    const what = timeout.aborted ? `did not answer within ${timeoutMs} ms` : `could not be reached (${codeOf(cause)})`;
    throw new HandlingError(`the receiver ${what}`, { outcome: 'retry' }, { cause });
  }
}

function exchange(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
  lookup: LookupFunction | null,
): Promise<Answer> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const options = { method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) }, signal };
  return new Promise((done, failed) => {
    const sent = request(url, lookup === null ? options : { ...options, lookup }, (response) => {
      done({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] ?? null });
      passOver(response);
    });
    sent.on('error', failed);
    sent.end(body);
  });
}

const mostPassedOver = 65_536;

/** The connection can be used again once the body is through; a long one is not worth that. */
function passOver(response: IncomingMessage): void {
  let passed = 0;
  response.on('error', () => {});
  response.on('data', (chunk: Buffer) => {
    passed += chunk.length;
    if (passed > mostPassedOver) response.destroy();
  });
}

/** Networks that no public receiver is in (RFC 6890 and the registries it founded). */
const reserved = new BlockList();
for (const [network, prefix] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
  ] as const),
  ...([
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
  ] as const),
  ...([
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ] as const),
] as const)
  reserved.addSubnet(network, prefix, 'ipv4');
/** Of IPv6 only what is handed out for global use is let through, without the ways into IPv4 and the examples. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  reserved.addSubnet(network, prefix, 'ipv6');

function isReserved(found: string): boolean {
  const [address = ''] = found.split('%'); // a zone says which link, not which network
  if (isIP(address) === 4) return reserved.check(address, 'ipv4');
  return !globalUnicast.check(address, 'ipv6') || reserved.check(address, 'ipv6');
}

function refuseReserved(host: string): void {
  if (isIP(host) !== 0 && isReserved(host)) throw refused();
}

function refused(): HandlingError {
  return new HandlingError('the receiver is in a private or reserved network', { outcome: 'retry' });
}

/** Looks at the very addresses that are then connected to: a name that is asked a second time may answer otherwise. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 0);
    const [first] = addresses;
    if (first === undefined || addresses.some(({ address }) => isReserved(address))) return callback(refused(), '', 0);
    return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'no answer';
}
