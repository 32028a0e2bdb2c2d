import { expect, test } from 'vitest';
import { findings, rules } from './architecture/rules.ts';
import { parseSource, readSources } from './architecture/source.ts';

const sources = readSources(new URL('../src', import.meta.url).pathname);

test('the sources keep to the architecture', () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(findings(sources)).toEqual([]);
});

test('every import of a source file was resolved to one', () => {
  const known = new Set(sources.map(({ path }) => path));
  const lost = sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ file }) => file?.endsWith('.ts') === true && !known.has(file))
      .map(({ specifier }) => `${path}: ${specifier}`),
  );
  expect(lost).toEqual([]);
  const written = sources.flatMap(({ imports }) => imports.filter(({ specifier }) => /^\.+\/.*\.ts$/.test(specifier)));
  expect(written.length).toBeGreaterThan(500);
});

/** Small trees that break one rule each: what is found, as `rule path:line`. */
const planted: { name: string; files: Record<string, string>; found: string[] }[] = [
  {
    name: 'core knows no room',
    files: { 'core/a.ts': `import { meetingRules } from '../meetings/index.ts';`, 'meetings/index.ts': '' },
    found: ['coreKnowsNoRoom core/a.ts:1'],
  },
  {
    name: 'core knows no room, not even its types',
    files: { 'core/a.ts': `\nimport type { Meeting } from '../meetings/index.ts';`, 'meetings/index.ts': '' },
    found: ['coreKnowsNoRoom core/a.ts:2'],
  },
  {
    name: 'core knows no HTTP',
    files: { 'core/a.ts': `import http from 'node:http';` },
    found: ['coreKnowsNoRoom core/a.ts:1'],
  },
  {
    name: 'the database folder knows no room',
    files: { 'database/a.ts': `import { Meeting } from '../meetings/index.ts';`, 'meetings/index.ts': '' },
    found: ['databaseServesCore database/a.ts:1'],
  },
  {
    name: 'a port knows core alone',
    files: { 'transports/a.ts': `import type { EventLog } from '../events/index.ts';`, 'events/index.ts': '' },
    found: ['portsStandOnCore transports/a.ts:1'],
  },
  {
    name: 'rules know no entity, schemas no ORM, events no node',
    files: {
      'polls/poll.rules.ts': `import type { Poll } from './poll.entity.ts';`,
      'polls/poll.schema.ts': `import { p } from '@mikro-orm/core';`,
      'polls/poll.events.ts': `import { randomUUID } from 'node:crypto';`,
      'polls/poll.entity.ts': '',
    },
    found: [
      'pureFilesStayPure polls/poll.events.ts:1',
      'pureFilesStayPure polls/poll.rules.ts:1',
      'pureFilesStayPure polls/poll.schema.ts:1',
    ],
  },
  {
    name: 'a schema loads no service by a detour',
    files: {
      'polls/poll.schema.ts': `import { limits } from './limits.ts';`,
      'polls/limits.ts': `export * from '../meetings/index.ts';`,
      'meetings/index.ts': `export { MeetingService } from './meeting.service.ts';`,
      'meetings/meeting.service.ts': '',
    },
    found: ['pureFilesStayPure polls/poll.schema.ts:1'],
  },
  {
    name: 'an entity knows no statement, a statement no service',
    files: {
      'chat/a.entity.ts': `import { send } from './a.statements.ts';`,
      'chat/a.statements.ts': `export { ChatService } from './a.service.ts';`,
      'chat/a.service.ts': '',
    },
    found: ['rolesLookDown chat/a.entity.ts:1', 'rolesLookDown chat/a.statements.ts:1'],
  },
  {
    name: 'rooms meet at their doors, also lazily and for types',
    files: {
      'chat/a.service.ts': `const late = await import('../polls/poll.rules.ts');`,
      'chat/b.service.ts': `type Late = import('../polls/poll.entity.ts').Poll;`,
      'meeting-service.ts': `import { pollRules } from './polls/poll.rules.ts';`,
      'polls/poll.rules.ts': '',
      'polls/poll.entity.ts': '',
    },
    found: [
      'roomsMeetAtIndex chat/a.service.ts:1',
      'roomsMeetAtIndex chat/b.service.ts:1',
      'roomsMeetAtIndex meeting-service.ts:1',
    ],
  },
  {
    name: 'the catalogue of all events stands above the rooms',
    files: {
      'chat/a.service.ts': `import { eventCatalogue } from '../events/catalogue.ts';`,
      'meeting-service.ts': `import { eventCatalogue } from './events/catalogue.ts';`,
      'events/catalogue.ts': `import { chatEvents } from '../chat/chat.events.ts';\nimport { send } from '../chat/chat.statements.ts';`,
      'chat/chat.events.ts': '',
      'chat/chat.statements.ts': '',
    },
    found: ['roomsMeetAtIndex chat/a.service.ts:1', 'roomsMeetAtIndex events/catalogue.ts:2'],
  },
  {
    name: 'a room does not take the service class of another, under whatever name',
    files: {
      'chat/a.service.ts': `import type { Voting } from '../polls/index.ts';\nimport { closePolls } from '../polls/index.ts';`,
      'polls/index.ts': `export { PollService as Voting, closePolls } from './poll.service.ts';`,
      'polls/poll.service.ts': 'export class PollService {}\nexport function closePolls() {}',
    },
    found: ['servicesAreNotShared chat/a.service.ts:1'],
  },
  {
    name: 'both ends know what travels between them, as types, and load nothing of it',
    files: {
      'client/a.ts': `import type { Frame } from '../realtime/frame.ts';\nimport { closeCodes } from '../realtime/frame.ts';`,
      'realtime/frame.ts': '',
    },
    found: ['outerLayersKnowTheFacade client/a.ts:2', 'roomsMeetAtIndex client/a.ts:2'],
  },
  {
    name: 'HTTP and worker know the facade as a type, the client no node',
    files: {
      'http/a.ts': `import { MeetingService } from '../meeting-service.ts';\nimport type { MeetingService as Type } from '../meeting-service.ts';`,
      'worker/a.ts': `import { sweep } from '../events/index.ts';`,
      'worker/jobs.ts': `import { sweep } from '../events/index.ts';`,
      'client/a.ts': `import { readFile } from 'node:fs/promises';\nimport { poll } from '../polls/poll.schema.ts';`,
      'meeting-service.ts': '',
      'events/index.ts': '',
      'polls/poll.schema.ts': '',
    },
    found: [
      'outerLayersKnowTheFacade client/a.ts:1',
      'outerLayersKnowTheFacade http/a.ts:1',
      'outerLayersKnowTheFacade worker/a.ts:1',
    ],
  },
  {
    name: 'nothing imports the public surface, the examples or the test kit',
    files: {
      'chat/a.service.ts': `import { MeetingService } from '../index.ts';\nimport { x } from 'convoke';`,
      'chat/b.service.ts': `import { x } from '../../examples/quickstart.ts';\nimport { fakeClock } from '../testing/index.ts';`,
      'index.ts': '',
      'testing/index.ts': '',
    },
    found: [
      'nothingImportsTheOutside chat/a.service.ts:1',
      'nothingImportsTheOutside chat/a.service.ts:2',
      'nothingImportsTheOutside chat/b.service.ts:1',
      'nothingImportsTheOutside chat/b.service.ts:2',
    ],
  },
  {
    name: 'tamed libraries have one home',
    files: {
      'core/time-zone.ts': `import { toDate } from 'date-fns-tz';`,
      'core/clock.ts': `import { toDate } from 'date-fns-tz/toDate';`,
      'events/event-bus.ts': `import { EventEmitter } from 'eventemitter3';`,
      'events/relay.ts': `import { EventEmitter } from 'eventemitter3';`,
    },
    found: ['tamedLibraries core/clock.ts:1', 'tamedLibraries events/relay.ts:1'],
  },
  {
    name: 'only the unit of work opens and commits',
    files: {
      'core/unit-of-work.ts': 'await em.transactional(async () => { await em.flush(); });',
      'database/a.ts': 'orm.em.fork();',
      'chat/a.service.ts':
        'await work.flush();\nawait work.em.flush();\nconst other = orm.em.fork();\nawait em.begin();\nawait em.commit();',
      'core/idempotency.ts': 'await em.transactional(async () => {});',
    },
    found: [
      'oneUnitOfWork chat/a.service.ts:2',
      'oneUnitOfWork chat/a.service.ts:3',
      'oneUnitOfWork chat/a.service.ts:4',
      'oneUnitOfWork chat/a.service.ts:5',
      'oneUnitOfWork core/idempotency.ts:1',
    ],
  },
  {
    name: 'names say something',
    files: {
      'chat/chat-helper.ts': '',
      'chat/utils.ts': '',
      'chat/a.service.ts':
        'class ChatManager {}\ninterface ClockImpl {}\nclass EntityManagerTransaction {}\ntype Implied = 1;',
    },
    found: [
      'tellingNames chat/a.service.ts:1',
      'tellingNames chat/a.service.ts:2',
      'tellingNames chat/chat-helper.ts:1',
      'tellingNames chat/utils.ts:1',
    ],
  },
  {
    name: 'the public surface is written out',
    files: { 'index.ts': `export * from './options.ts';`, 'options.ts': '' },
    found: ['surfaceIsWrittenOut index.ts:1'],
  },
  {
    name: 'no file above 400 lines but a migration',
    files: {
      'chat/a.service.ts': '\n'.repeat(401),
      'database/migrations/0001-initial.ts': '\n'.repeat(900),
      'chat/b.ts': '',
      'chat/c.ts': '',
    },
    found: ['fileSizes chat/a.service.ts:1', 'fileSizes .'],
  },
  {
    name: 'half of the files are at most 100 lines',
    files: { 'chat/a.ts': '\n'.repeat(101), 'chat/b.ts': '\n'.repeat(101), 'chat/c.ts': '' },
    found: ['fileSizes .'],
  },
];

test.each(planted)('finds a violation of: $name', ({ files, found }) => {
  const tree = Object.entries(files).map(([path, text]) => parseSource(path, text));
  expect(
    findings(tree)
      .map(({ rule, at }) => `${rule} ${at}`)
      .toSorted(),
  ).toEqual(found.toSorted());
});

test('every rule has a planted violation', () => {
  const proven = new Set(planted.flatMap(({ found }) => found.map((line) => line.slice(0, line.indexOf(' ')))));
  expect([...proven].toSorted()).toEqual(Object.keys(rules).toSorted());
});
