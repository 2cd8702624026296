export * from './owner-action.ts';
export * from './resource.ts';
export * from './sign-in-text.ts';
