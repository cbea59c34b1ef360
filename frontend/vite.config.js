import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { compress } from './tools/compress.mjs'
import { fonts } from './tools/fonts.mjs'
import { icons } from './tools/icons.mjs'

export default defineConfig(({ command }) => ({
  // Built files name each other relatively, so they work under any static URL.
  base: command === 'build' ? './' : '/static/',
  plugins: [tailwindcss(), icons(), fonts(), compress()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    manifest: true,
    target: 'baseline-widely-available',
    // Nothing inlined: the content security policy lets fonts and styles come from files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ['src/app.js', 'src/checkout.js', 'src/revenue.js'],
      checks: { eval: false }, // htmx has one, off by its allowEval
    },
  },
  server: { port: 5173, strictPort: true, cors: true },
}))
