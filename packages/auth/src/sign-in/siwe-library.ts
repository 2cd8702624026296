// In a module of its own, which is loaded when it is needed: a bundler gives what is CommonJS no names when it is loaded so.
export { SiweError, SiweMessage } from 'siwe';
