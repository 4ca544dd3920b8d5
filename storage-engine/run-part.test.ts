import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'

it('tells the supervisor why it cannot start, and ends although something is still open', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sceau-run-part-'))
  const program = path.join(directory, 'part.mjs')
  const source = path.resolve('storage-engine/run-part.ts')
  fs.writeFileSync(
    program,
    `setInterval(() => undefined, 1000)\nawait (await import(${JSON.stringify(source)})).runPart('jobs')`,
  )
  const child = fork(program, [], {
    execArgv: ['--import', import.meta.resolve('tsx')],
    env: { ...process.env, SCEAU_S3_PORT: 'abc' },
  })
  const exited = once(child, 'exit')
  const [message] = await once(child, 'message')
  expect(message).toEqual({
    type: 'failed',
    message: 'The configuration is wrong.\n  SCEAU_S3_PORT must be a whole number (it is "abc")',
  })
  expect(await exited).toEqual([1, null])
  fs.rmSync(directory, { recursive: true })
})
