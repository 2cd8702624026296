#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { main } from '../dist/index.js';

process.exitCode = main({
  root: fileURLToPath(new URL('../../../', import.meta.url)),
  reportFile: process.argv[2],
});
