// Runs files of SQL statements on a DuckDB database: duckdb.mjs DATABASE FILE…
// Standard input is the statements' own (/dev/stdin). Of a file the rows of its last statement are
// printed, tab-separated, NULL as nothing, behind a line "== FILE".
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [database, ...files] = process.argv.slice(2);
const instance = await DuckDBInstance.create(database);
const connection = await instance.connect();
try {
  for (const file of files) {
    const statements = await connection.extractStatements(readFileSync(file, 'utf8'));
    let rows = [];
    for (let i = 0; i < statements.count; i++) {
      const prepared = await statements.prepare(i);
      rows = (await prepared.runAndReadAll()).getRows();
    }
    console.log(`== ${file}`);
    for (const row of rows) console.log(row.map((value) => value ?? '').join('\t'));
  }
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
