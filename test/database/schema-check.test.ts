import { createDatabase, test } from '../setup/db.ts';
import { fails, openService } from '../setup/service.ts';

test('a database that is gone is a typed error, whatever is asked of it', async () => {
  const database = await createDatabase();
  const service = await openService(database.url);
  await database[Symbol.asyncDispose]();
  await fails(service.check(), 'UNAVAILABLE');
  await fails(service.migrate(), 'UNAVAILABLE');
  await fails(service.checkIntegrity(), 'UNAVAILABLE');
  await service.close();
});
