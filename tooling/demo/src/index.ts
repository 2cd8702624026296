export { type DemoHooks, runDemo } from './run-demo.ts';
