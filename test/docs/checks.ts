import { dirname, join, normalize } from 'node:path/posix';
import { commandsOf, type Fence, type Page } from './markdown.ts';

/** Blocks run unless they say that they only show. */
export const isRun = ({ flags }: Fence) => !flags.includes('no-run');

/** Commands in shell blocks that neither package.json nor the command's help knows: `page:line command`. */
export function unknownCommands(
  of: ReadonlyMap<string, Page>,
  scripts: Readonly<Record<string, string>>,
  help: string,
): string[] {
  const shell = [...of].flatMap(([path, { fences }]) =>
    fences
      .filter(({ language }) => language === 'bash')
      .flatMap((fence) => commandsOf(fence).map((command) => ({ path, ...command }))),
  );
  return shell.flatMap(({ path, line, script, subcommand }) => {
    if (script !== undefined && scripts[script] === undefined) return [`${path}:${line} npm run ${script}`];
    if (subcommand !== undefined && !new RegExp(`\\b${subcommand}\\b`).test(help))
      return [`${path}:${line} convoke ${subcommand}`];
    return [];
  });
}

/** Relative links to files or headings that are not there: `page:line target`. */
export function brokenLinks(of: ReadonlyMap<string, Page>, exists: (path: string) => boolean): string[] {
  return [...of].flatMap(([path, { links }]) =>
    links.flatMap(({ line, target }) => {
      if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return [];
      const [file = '', anchor] = target.split('#');
      const aimed = file === '' ? path : normalize(join(dirname(path), decodeURI(file)));
      const page = of.get(aimed.replace(/\/$/, ''));
      const found = page === undefined ? exists(aimed) : anchor === undefined || page.anchors.has(anchor);
      return found ? [] : [`${path}:${line} ${target}`];
    }),
  );
}
