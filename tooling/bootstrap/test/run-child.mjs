// Runs the program given in argv the way every command is run, and ends with its exit code.
import { exitCodeOf, forwardSignals, runChild } from '../src/child.mjs';

forwardSignals(process.env);
const [, , command = '', ...args] = process.argv;
const outcome = await runChild(command, args, { cwd: process.cwd(), env: process.env, stdin: 'ignore' });
process.exitCode = exitCodeOf(outcome);
