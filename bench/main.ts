// Runs benchmarks by name: npm run bench -- build-graph
import { readdirSync } from 'node:fs';

const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.js') && !['main.js', 'report.js'].includes(file))
  .map((file) => file.slice(0, -3));
const [name] = process.argv.slice(2);
if (name === undefined || !known.includes(name)) {
  process.stderr.write(`npm run bench -- NAME [options], NAME one of ${known.join(', ')}\n`);
  process.exitCode = 1;
} else await import(`./${name}.js`);
