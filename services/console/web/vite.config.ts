import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compression } from 'vite-plugin-compression2';

/** Built beside the service that serves it; `npx vite` in this folder serves the sources, with the services of `npm start` behind. */
export default defineConfig({
  plugins: [
    react(),
    compression({ include: /\.(js|css|svg|json|webmanifest)$/, algorithms: ['brotliCompress', 'gzip'] }),
  ],
  // replaced by the service in each answer
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // light-dark() stays as it is written
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // a data: URL is not allowed to be a script or a style
    assetsInlineLimit: 0,
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
  },
  server: {
    port: 4609,
    host: '127.0.0.1',
    proxy: { '/api': 'http://127.0.0.1:4600', '/sign-in': 'http://127.0.0.1:4600' },
  },
});
