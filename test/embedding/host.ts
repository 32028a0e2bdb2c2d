/** A host application as there are many: a MikroORM with defaults, an entity of its own, a table in `public`. */
import { defineEntity, MikroORM, type Options, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Booking',
  tableName: 'bookings',
  properties: { id: p.uuid().primary(), room: p.string(), meetingId: p.uuid().nullable() },
});
export class Booking extends schema.class {}
schema.setClass(Booking);

/** Connected, with its table made, and told to leave our schema alone. */
export async function openHost(url: string, options: Partial<Options> = {}): Promise<MikroORM> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [Booking],
    ensureDatabase: false,
    schemaGenerator: { ignoreSchema: ['convoke'] },
    ...options,
  });
  await orm.schema.update();
  return orm;
}
