import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Site } from '#e2e/clients/client.ts'

/** The configuration file of AWS's own clients; returns its path. Nothing is set in it that a client can know by itself. */
export async function writeAwsConfig({ addressing, workDir }: Site): Promise<string> {
  if (addressing === undefined) return '/dev/null'
  const file = join(workDir, 'aws-config')
  await writeFile(file, `[default]\ns3 =\n  addressing_style = ${addressing}\n`)
  return file
}
