import { expect, test } from 'vitest';
import { FrontendStream } from './frontend-stream.ts';

function message(type: string, body: string): Buffer {
  const bytes = Buffer.from(`${type}0000${body}`, 'utf8');
  bytes.writeInt32BE(bytes.length - type.length, type.length);
  return bytes;
}

test('statements are found however their bytes are cut into packets', () => {
  const bytes = Buffer.concat([
    message('', '\0\x03\0\0user\0postgres\0\0'),
    message('Q', 'select 1\0'),
    message('P', 'named\0insert into t values ($1)\0\0\0'),
    message('B', '\0named\0'),
    message('P', '\0commit\0\0\0'),
    message('Q', 'select ’é’\0'),
  ]);
  const expected = ['select 1', 'insert into t values ($1)', 'commit', 'select ’é’'];
  for (const size of [1, 3, 7, bytes.length]) {
    const stream = new FrontendStream();
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...stream.read(bytes.subarray(at, at + size)));
    expect(found).toEqual(expected);
  }
});
