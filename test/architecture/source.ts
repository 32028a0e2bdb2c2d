/** What the architecture's rules need to know of a source file, read with the compiler's own parser. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import ts from 'typescript';

export interface Import {
  readonly line: number;
  /** As written: `../core/errors.ts`, `node:crypto`, `kysely`. */
  readonly specifier: string;
  /** The imported file, relative to the root, for a relative specifier; null for packages. */
  readonly file: string | null;
  /** Erased by the compiler: nothing of it is loaded at run time. */
  readonly typeOnly: boolean;
  /** What is taken, by the name it has over there; `*` for everything. */
  readonly names: readonly string[];
}

export interface Source {
  /** Relative to the root of the tree: `meetings/meeting.rules.ts`. */
  readonly path: string;
  readonly lines: number;
  /** Imports, re-exports, `import()` and `import type()`. */
  readonly imports: readonly Import[];
  /** Re-exports by the name they get here: where from, and the name over there. */
  readonly reexports: ReadonlyMap<string, { readonly file: string | null; readonly name: string }>;
  /** Lines with `export * from`. */
  readonly starExports: readonly number[];
  /** Classes, interfaces and type aliases declared here. */
  readonly types: readonly { readonly line: number; readonly name: string; readonly isClass: boolean }[];
  /** Calls of methods, `receiver.method(…)`. */
  readonly calls: readonly { readonly line: number; readonly receiver: string; readonly method: string }[];
}

/** All TypeScript files below a directory, by their path relative to it. */
export function readSources(root: string): Source[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.[cm]?tsx?$/.test(path))
    .toSorted()
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

export function parseSource(path: string, text: string): Source {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const reexports = new Map<string, { file: string | null; name: string }>();
  const starExports: number[] = [];
  const types: { line: number; name: string; isClass: boolean }[] = [];
  const calls: { line: number; receiver: string; method: string }[] = [];

  const line = (node: ts.Node) => file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean, names: string[]) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    imports.push({ line: line(node), specifier: specifier.text, file: resolve(path, specifier.text), typeOnly, names });
  };

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node, node.moduleSpecifier, isTypeOnly(node.importClause), namesOf(node.importClause));
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      const elements =
        node.exportClause !== undefined && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : [];
      const allTypes = elements.length > 0 && elements.every((element) => element.isTypeOnly);
      const names = elements.map((element) => (element.propertyName ?? element.name).text);
      add(node, node.moduleSpecifier, node.isTypeOnly || allTypes, names.length > 0 ? names : ['*']);
      if (node.exportClause === undefined) starExports.push(line(node));
      const target = ts.isStringLiteral(node.moduleSpecifier) ? resolve(path, node.moduleSpecifier.text) : null;
      for (const element of elements)
        reexports.set(element.name.text, { file: target, name: (element.propertyName ?? element.name).text });
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true, ['*']);
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node, node.moduleReference.expression, node.isTypeOnly, ['*']);
    } else if (ts.isCallExpression(node)) {
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node, node.arguments[0], false, ['*']);
      else if (ts.isPropertyAccessExpression(node.expression))
        calls.push({
          line: line(node.expression.name),
          receiver: node.expression.expression.getText(file),
          method: node.expression.name.text,
        });
    } else if (isTypeDeclaration(node) && node.name !== undefined) {
      types.push({ line: line(node), name: node.name.text, isClass: ts.isClassLike(node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  const lines = text.endsWith('\n') ? text.split('\n').length - 1 : text.split('\n').length;
  return { path, lines, imports, reexports, starExports, types, calls };
}

function resolve(from: string, specifier: string): string | null {
  return specifier.startsWith('.') ? join(dirname(from), specifier) : null;
}

function isTypeDeclaration(node: ts.Node) {
  return ts.isClassLike(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  if (clause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
}

function namesOf(clause: ts.ImportClause | undefined): string[] {
  if (clause === undefined) return [];
  const names = clause.name === undefined ? [] : ['default'];
  const named = clause.namedBindings;
  if (named === undefined) return names;
  if (ts.isNamespaceImport(named)) return [...names, '*'];
  return [...names, ...named.elements.map((element) => (element.propertyName ?? element.name).text)];
}
