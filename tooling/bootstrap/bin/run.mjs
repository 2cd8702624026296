#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { main } from '../src/main.mjs';

process.exitCode = await main({
  root: fileURLToPath(new URL('../../../', import.meta.url)),
  args: process.argv.slice(2),
});
