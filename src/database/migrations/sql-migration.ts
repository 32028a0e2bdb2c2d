import { Migration } from '@mikro-orm/migrations';

/** The statements of a migration. None names a schema: whoever runs them has set `search_path`. */
export interface MigrationStatements {
  readonly up: readonly string[];
  readonly down: readonly string[];
}

export interface SqlMigration extends MigrationStatements {
  readonly name: string;
  readonly class: new (...parameters: ConstructorParameters<typeof Migration>) => Migration;
}

/** One list of statements for both who runs them: the migrator needs a class, an operator a text. */
export function sqlMigration(name: string, statements: MigrationStatements): SqlMigration {
  return {
    name,
    ...statements,
    class: class extends Migration {
      override up(): void {
        for (const statement of statements.up) this.addSql(statement);
      }

      override down(): void {
        for (const statement of statements.down) this.addSql(statement);
      }
    },
  };
}
