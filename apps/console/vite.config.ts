import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

/** The daemon serves the result below /console/, under a policy that allows no inline script and no inline style. */
export default defineConfig({
  base: '/console/',
  plugins: [tailwindcss()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:3100', '/health': 'http://127.0.0.1:3100' } },
});
