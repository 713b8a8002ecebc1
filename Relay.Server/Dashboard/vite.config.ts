import { defineConfig } from 'vite';

export default defineConfig({
  base: './', // The page says by <base> where it stands, so it works below any path.
  build: {
    outDir: '../wwwroot',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // The content security policy takes files, no data.
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
});
