import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { StartupError } from '#storage-engine/errors.ts'
import type { WriteLine } from '#storage-engine/supervisor/process-output.ts'
import { forwardOutput } from '#storage-engine/supervisor/process-output.ts'

/** The administrator that the very first start makes; the password is not kept anywhere. */
export interface FirstRun {
  username: string
  password: string
}

export type PrepareMessage = { type: 'prepared'; firstRun: FirstRun | null } | { type: 'failed'; message: string }

/** Runs storage-engine/prepare.ts to its end. Throws StartupError with its reason when it cannot do its work. */
export async function runPrepareProcess(child: ChildProcess, writeLine: WriteLine): Promise<FirstRun | null> {
  let answer: PrepareMessage | null = null
  forwardOutput(child, writeLine)
  child.on('message', (message: PrepareMessage) => {
    answer = message
  })
  const [code, signal] = await once(child, 'exit')
  return resultOf(answer, `exit ${signal ?? code}`)
}

function resultOf(answer: PrepareMessage | null, ending: string): FirstRun | null {
  if (answer?.type === 'prepared') return answer.firstRun
  throw new StartupError(answer?.message ?? `The installation could not be prepared (${ending}): see the lines above.`)
}
