/** What can be checked of a Markdown page: its code, its commands, its links. Lines count from 1. */
import ts from 'typescript';

export interface Fence {
  readonly line: number;
  readonly language: string;
  /** What follows the language: `no-run`. */
  readonly flags: readonly string[];
  readonly code: readonly string[];
}

export interface Page {
  readonly lineCount: number;
  readonly fences: readonly Fence[];
  readonly links: readonly { readonly line: number; readonly target: string }[];
  /** Anchors of the headings, as they are made on GitHub. */
  readonly anchors: ReadonlySet<string>;
}

export function parsePage(text: string): Page {
  const lines = text.split('\n');
  const fences: Fence[] = [];
  const links: { line: number; target: string }[] = [];
  const anchors = new Set<string>();
  let open: { line: number; marker: string; language: string; flags: string[]; code: string[] } | null = null;
  for (const [index, line] of lines.entries()) {
    const [, marker = '', info = ''] = /^\s*(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open !== null) {
      if (marker.startsWith(open.marker) && info.trim() === '') {
        fences.push(open);
        open = null;
      } else open.code.push(line);
      continue;
    }
    if (marker !== '') {
      const [language = '', ...flags] = info.trim().split(/\s+/);
      open = { line: index + 1, marker, language, flags, code: [] };
      continue;
    }
    const heading = /^#{1,6}\s+(.*)$/.exec(line)?.[1];
    if (heading !== undefined) addAnchor(anchors, heading);
    const prose = line.replaceAll(/`[^`]*`/g, '');
    for (const [, target = ''] of prose.matchAll(/\]\(\s*<?([^)\s>]+)/g)) links.push({ line: index + 1, target });
    const reference = /^\s*\[[^\]]+\]:\s*<?(\S+?)>?(\s|$)/.exec(prose)?.[1];
    if (reference !== undefined) links.push({ line: index + 1, target: reference });
  }
  if (open !== null) throw new Error(`the code block of line ${open.line} is never closed`);
  return { lineCount: lines.length, fences, links, anchors };
}

function addAnchor(anchors: Set<string>, heading: string): void {
  const slug = heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
  let anchor = slug;
  for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
  anchors.add(anchor);
}

/**
 * The page's TypeScript as one module: blocks stay at the lines where they stand, so that errors point into the page, and what several
 * blocks import is imported once.
 */
export function moduleOf(page: Page, include: (fence: Fence) => boolean): string {
  const lines = Array.from({ length: page.lineCount }, () => '');
  for (const { language, code, line, ...fence } of page.fences) {
    if (language !== 'ts' || !include({ language, code, line, ...fence })) continue;
    for (const [offset, text] of code.entries()) lines[line + offset] = text;
  }
  return `${importOnce(lines.join('\n'))}\nexport {};\n`;
}

function importOnce(text: string): string {
  const file = ts.createSourceFile('page.ts', text, ts.ScriptTarget.Latest);
  const known = new Set<string>();
  let result = '';
  let position = 0;
  for (const statement of file.statements) {
    const clause = ts.isImportDeclaration(statement) ? statement.importClause : undefined;
    const named = clause?.namedBindings;
    if (!ts.isImportDeclaration(statement) || clause === undefined || named === undefined || !ts.isNamedImports(named))
      continue;
    const from = statement.moduleSpecifier.getText(file);
    const fresh = named.elements.filter((element) => {
      const key = `${from} ${element.getText(file).replace(/^type /, '')}`;
      return !known.has(key) && known.add(key);
    });
    if (fresh.length === named.elements.length) continue;
    const start = statement.getStart(file);
    const type = clause.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type ' : '';
    const kept = `import ${type}{ ${fresh.map((element) => element.getText(file)).join(', ')} } from ${from};`;
    const lineBreaks = text.slice(start, statement.end).replaceAll(/[^\n]/g, '');
    result += `${text.slice(position, start)}${fresh.length === 0 ? '' : kept}${lineBreaks}`;
    position = statement.end;
  }
  return result + text.slice(position);
}

/** Commands of this package that a shell block names: npm scripts, and subcommands of `convoke`. */
export function commandsOf(fence: Fence): { script?: string; subcommand?: string; line: number }[] {
  return fence.code.flatMap((text, offset) => {
    const line = fence.line + offset + 1;
    const command = text.replace(/^\s*\$\s+/, '').replace(/(^|\s)#.*$/, '');
    const scripts = [...command.matchAll(/\bnpm (?:run(?:-script)? )?(?:--\S+ )*(\S+)/g)]
      .filter(([whole, name = '']) => whole.includes(' run') || ['start', 'test'].includes(name))
      .map(([, script = '']) => ({ script, line }));
    const own = [...command.matchAll(/\bnpx (?:--\S+ )*convoke(?: ([a-z][a-z-]*))?/g)];
    return [
      ...scripts,
      ...own.map(([, subcommand]) => ({ ...(subcommand === undefined ? {} : { subcommand }), line })),
    ];
  });
}
