import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readTreeUsage } from '#bench/process-usage.ts'

it('adds up memory and CPU of a tree of processes by group', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'usage-'))
  const script = join(directory, 'child.mjs')
  await writeFile(
    script,
    `const held = Buffer.alloc(100 << 20, 1)
     for (const end = process.cpuUsage().user + 300_000; process.cpuUsage().user < end; );
     process.send(held.length)
     setInterval(() => held.length, 1000)`,
  )
  const before = readTreeUsage(process.pid, new Map()).rssBytes
  const child = fork(script)
  try {
    await once(child, 'message')
    const usage = readTreeUsage(process.pid, new Map([[child.pid ?? 0, 'child']]))
    expect(usage.rssBytes - before).toBeGreaterThan(100 << 20)
    expect(usage.rssBytes - before).toBeLessThan(250 << 20)
    expect(usage.ownBytes.get('child')).toBeGreaterThan(100 << 20)
    expect(usage.cpuMicros.get('child')).toBeGreaterThan(200_000)
    expect(usage.cpuMicros.get('other')).toBeGreaterThan(0)
  } finally {
    child.kill('SIGKILL')
    await rm(directory, { recursive: true })
  }
})
