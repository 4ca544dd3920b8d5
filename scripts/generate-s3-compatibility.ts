import fs from 'node:fs'
import path from 'node:path'
import { compatibilityPage } from '#storage-engine/s3/compatibility-page.ts'

/** Writes docs/s3-compatibility.md anew: `npx tsx scripts/generate-s3-compatibility.ts`. A test compares the two. */
fs.writeFileSync(path.join(import.meta.dirname, '..', 'docs', 's3-compatibility.md'), compatibilityPage())
