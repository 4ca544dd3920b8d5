import { describe, expect, it } from 'vitest'
import { createLanes } from '#lib/upload/lanes.ts'

const never = new AbortController().signal

function deferred() {
  let finish = () => {}
  const done = new Promise<void>((resolve) => {
    finish = resolve
  })
  return { done, finish }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('createLanes', () => {
  it('never runs more tasks than lanes, and keeps the order of asking', async () => {
    const lanes = createLanes(2)
    const gates = Array.from({ length: 5 }, deferred)
    const started: number[] = []
    const runs = gates.map((gate, index) =>
      lanes.run(async () => {
        started.push(index)
        await gate.done
      }, never),
    )
    await settle()
    expect(started).toEqual([0, 1])
    gates[1]?.finish()
    await settle()
    expect(started).toEqual([0, 1, 2])
    for (const gate of gates) gate.finish()
    await Promise.all(runs)
    expect(started).toEqual([0, 1, 2, 3, 4])
  })

  it('gives the lane back when a task fails', async () => {
    const lanes = createLanes(1)
    await expect(lanes.run(() => Promise.reject(new Error('lost')), never)).rejects.toThrow('lost')
    await expect(lanes.run(async () => 'next', never)).resolves.toBe('next')
  })

  it('lets a waiter leave the queue without losing a lane', async () => {
    const lanes = createLanes(1)
    const gate = deferred()
    const first = lanes.run(() => gate.done, never)
    const leaver = new AbortController()
    const left = lanes.run(async () => 'left', leaver.signal)
    const second = lanes.run(async () => 'second', never)
    leaver.abort(new Error('cancelled'))
    await expect(left).rejects.toThrow('cancelled')
    gate.finish()
    await first
    await expect(second).resolves.toBe('second')
  })
})
