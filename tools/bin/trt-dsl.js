#!/usr/bin/env node
import { main } from '../dist/cli.js';

process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(); // a reader such as `head` has seen enough
  throw error;
});
process.exitCode = await main(process.argv.slice(2));
