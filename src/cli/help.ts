export const help = `convoke: meetings as a library, on your own PostgreSQL

Usage: convoke <command> [options]

  migrate    bring the schema up to date, and name what was applied
  check      compare the schema with this version; change nothing
  sql        print the SQL of all migrations, to be run by hand
  demo       hold a recorded class once more, and show what comes of it

  --url postgres://…   the database              (default: DATABASE_URL; the
                       demo only writes where it is told)
  --schema name        the PostgreSQL schema     (default: convoke)
  --pglite dir         demo only: PostgreSQL inside this process, kept in that
                       directory                 (default: memory://, if no URL)
  --events n           demo only: lines of the event stream, or all
  --no-color           no colours; NO_COLOR does the same
  -h, --help           this text
  -v, --version        the version

Exit status: 0 done, 1 failed, 2 not understood, 3 (check) the schema is older
or newer than this version.
`;
