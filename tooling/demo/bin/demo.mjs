#!/usr/bin/env node
import { runDemo } from '../dist/index.js';

process.exitCode = await runDemo(process.argv.slice(2));
