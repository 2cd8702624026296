#!/usr/bin/env node
// Runs on any Node, so that an old one gets an answer instead of a syntax error.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`Error: WAIaaS needs Node 22.18 or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}
const { main } = await import('../dist/program/main.js');
await main();
