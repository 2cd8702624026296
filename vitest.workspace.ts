/** The test projects, one for each part of the repository. Imported by vitest.config.ts. */
export const projects = ['packages/*', 'apps/*', 'tooling/*'].map((folder) => ({
  extends: true as const,
  test: { name: folder, root: '.', include: [`${folder}/{src,test}/**/*.test.ts`] },
}));
