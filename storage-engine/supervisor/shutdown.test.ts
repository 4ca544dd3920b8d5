import { expect, it } from 'vitest'
import { Shutdown } from '#storage-engine/supervisor/shutdown.ts'

it('ends what was started last first, and everything once', async () => {
  const ended: string[] = []
  const shutdown = new Shutdown()
  for (const name of ['database', 'jobs', 'doors']) await shutdown.add(() => void ended.push(name))
  await Promise.all([shutdown.run(), shutdown.run()])
  expect(ended).toEqual(['doors', 'jobs', 'database'])
})

it('ends the rest although one step fails, and then tells', async () => {
  const ended: string[] = []
  const shutdown = new Shutdown()
  await shutdown.add(() => void ended.push('database'))
  await shutdown.add(() => {
    throw new Error('jobs do not end')
  })
  await expect(shutdown.run()).rejects.toThrow('jobs do not end')
  expect(ended).toEqual(['database'])
})

it('ends at once what is started after the end began', async () => {
  const ended: string[] = []
  const shutdown = new Shutdown()
  await shutdown.run()
  await expect(shutdown.add(() => void ended.push('late'))).rejects.toThrow('Stopped while it was starting.')
  expect(ended).toEqual(['late'])
})
