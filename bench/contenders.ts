/** Everybody who takes part, and who cannot. */
import { limit } from './limit/index.ts';
import { type Implementation } from './operations.ts';
import { adopted, adoptedPrepared, sdk } from './sdk/index.ts';

/** Peers by the name of their folder: loaded only when they take part, because each needs its own packages. */
export const peerNames = ['kysely', 'drizzle', 'mikro-orm', 'prisma'] as const;
const own: readonly Implementation[] = [limit, sdk, adopted, adoptedPrepared];
export const names: readonly string[] = [...own.map(({ name }) => name), ...peerNames];

export interface Contenders {
  readonly implementations: readonly Implementation[];
  /** Who was asked for and could not be loaded, and why. */
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
}

/** The limit takes part in any case: everything is measured against it. */
export async function contenders(wanted: readonly string[]): Promise<Contenders> {
  const implementations = own.filter(({ name }) => name === limit.name || wanted.includes(name));
  const absent: { name: string; reason: string }[] = [];
  for (const name of peerNames.filter((peer) => wanted.includes(peer))) {
    try {
      const module = (await import(new URL(`./peers/${name}/index.ts`, import.meta.url).href)) as {
        implementation: Implementation;
      };
      implementations.push(module.implementation);
    } catch (error) {
      absent.push({ name, reason: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) });
    }
  }
  return { implementations, absent };
}
