import { describe, expect } from 'vitest';
import { newId } from '../../src/core/identifier.ts';
import { fails, minutes, start, test } from '../setup/service.ts';
import { cast, multiple, open, rating, roomOf, single } from './ballots.ts';

describe('exportCsv', () => {
  test('has a row for each voter and a column for each option', async ({ service, running, clock }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [one, two] = participants;
    const wish = { ...multiple, options: ['plain', '=1+1', 'a, "b"'], correctOptions: [0, 2], allowAbstain: true };
    const poll = await roomOf(service)(host).create(id, wish);
    await roomOf(service)(one).vote(poll.id, { selectedOptions: [2, 0] });
    clock.advance(minutes);
    await roomOf(service)(two).vote(poll.id, { selectedOptions: [] });
    const heading = `userId,respondedAt,plain,'=1+1,"a, ""b""",abstained`;
    const rows = [
      `${one},${start},true,false,true,false`,
      `${two},${clock.now().toISOString()},false,false,false,true`,
    ];
    expect(await roomOf(service)(host).exportCsv(poll.id)).toBe(`${[heading, ...rows].join('\r\n')}\r\n`);
    await roomOf(service)(host).close(poll.id);
    expect(await roomOf(service)(host).exportCsv(poll.id)).toBe(
      `${[`${heading},isCorrect`, `${rows[0]},true`, `${rows[1]},false`].join('\r\n')}\r\n`,
    );
  });

  test('gives ratings and words as they were given', async ({ service, running }) => {
    const { id, host } = await running();
    const [stars, words] = [
      await roomOf(service)(host).create(id, rating),
      await roomOf(service)(host).create(id, open),
    ];
    await roomOf(service)(host).vote(stars.id, { rating: 4 });
    await roomOf(service)(host).vote(words.id, { responseText: '@home,\nmostly' });
    expect(await roomOf(service)(host).exportCsv(stars.id)).toBe(
      `userId,respondedAt,rating,abstained\r\n${host},${start},4,false\r\n`,
    );
    expect(await roomOf(service)(host).exportCsv(words.id)).toBe(
      `userId,respondedAt,answer,abstained\r\n${host},${start},"'@home,\nmostly",false\r\n`,
    );
  });

  test('has totals only where voters are secret, and those from three votes on', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 3 });
    const polls = roomOf(service)(host);
    const poll = await polls.create(id, { ...single, isAnonymous: true });
    const words = await polls.create(id, { ...open, isAnonymous: true, allowAbstain: true });
    await cast(service, poll, participants, [0, 1]);
    expect(await polls.exportCsv(poll.id)).toBe('option,votes,share\r\nred,,\r\ngreen,,\r\nblue,,\r\n');
    expect(await polls.exportCsv(words.id)).toBe('answer,votes,share\r\n');
    await cast(service, poll, participants, [0, 1, 1]);
    for (const [index, userId] of participants.entries())
      await roomOf(service)(userId).vote(words.id, index === 0 ? { selectedOptions: [] } : { responseText: '+1' });
    expect(await polls.exportCsv(poll.id)).toBe(
      `option,votes,share\r\nred,1,${1 / 3}\r\ngreen,2,${2 / 3}\r\nblue,0,0\r\n`,
    );
    expect(await polls.exportCsv(words.id)).toBe("answer,votes,share\r\n'+1,2,1\r\n");
  });

  test('is for hosts and the maker; the system gets no names', async ({ service, running }) => {
    const { id, host, participants } = await running({ participants: 2 });
    const [presenter, guest] = participants;
    await service.as({ userId: host }).participants.setRole(id, presenter!, 'Presenter');
    const poll = await roomOf(service)(presenter).create(id, single);
    await cast(service, poll, [guest!], [1]);
    expect(await roomOf(service)(presenter).exportCsv(poll.id)).toContain(guest);
    expect(await service.asSystem().polls.exportCsv(poll.id)).toBe(
      'option,votes,share\r\nred,0,0\r\ngreen,1,1\r\nblue,0,0\r\n',
    );
    await fails(roomOf(service)(guest).exportCsv(poll.id), 'FORBIDDEN');
    await fails(roomOf(service)(newId()).exportCsv(poll.id), 'NOT_FOUND');
  });
});
