import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))

/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
  reactStrictMode: true,
  turbopack: { root },
  // `npm run check` runs tsc over everything; a build on a user's machine need not do it again.
  typescript: { ignoreBuildErrors: true },
  // The development server is opened by address as well as by name.
  allowedDevOrigins: ['127.0.0.1', 'localhost'],
}
