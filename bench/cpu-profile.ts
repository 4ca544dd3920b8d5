import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const INSPECTOR = 'http://127.0.0.1:9229/json/list'
const OPEN_ATTEMPTS = 50

/**
 * Records what a Node process does on its CPU: SIGUSR1 makes it open its inspector, on which the profiler is started.
 * The returned function ends the recording and writes a .cpuprofile. Needs the WebSocket of Node 22 or later.
 */
export async function startCpuProfile(pid: number): Promise<(file: string) => Promise<void>> {
  if (typeof WebSocket === 'undefined') throw new Error('--profile needs Node 22 or later: the bundled runtime has it')
  process.kill(pid, 'SIGUSR1')
  const session = await openSession(await findDebuggerUrl())
  await session.call('Profiler.enable')
  await session.call('Profiler.setSamplingInterval', { interval: 500 })
  await session.call('Profiler.start')
  return async (file) => {
    const { profile } = (await session.call('Profiler.stop')) as { profile: unknown }
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, JSON.stringify(profile))
    session.close()
  }
}

async function findDebuggerUrl(): Promise<string> {
  for (let attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
    const answer = await fetch(INSPECTOR).catch(() => null)
    if (answer !== null) {
      const [target] = (await answer.json()) as { webSocketDebuggerUrl: string }[]
      if (target !== undefined) return target.webSocketDebuggerUrl
    }
    await delay(100)
  }
  throw new Error(`The process opened no inspector at ${INSPECTOR}`)
}

interface Session {
  call(method: string, params?: object): Promise<unknown>
  close(): void
}

async function openSession(url: string): Promise<Session> {
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', () => reject(new Error(`No connection to ${url}`)), { once: true })
  })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let lastId = 0
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = JSON.parse(String(data))
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(result)
    else call?.reject(new Error(error.message))
  })
  return {
    call: (method, params = {}) =>
      new Promise((resolve, reject) => {
        lastId++
        waiting.set(lastId, { resolve, reject })
        socket.send(JSON.stringify({ id: lastId, method, params }))
      }),
    close: () => socket.close(),
  }
}
