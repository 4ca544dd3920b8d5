import { expect, it } from 'vitest'
import { createRootHealth } from '#storage-engine/crypto/root-health.ts'

function createSetting() {
  const state = { now: 0, asked: 0, outcome: Promise.resolve() }
  const provider = {
    health: () => {
      state.asked++
      return state.outcome
    },
  }
  return { state, find: createRootHealth(provider, () => state.now) }
}

it('asks at most every 15 s, and once for all who ask meanwhile', async () => {
  const { state, find } = createSetting()
  expect(await Promise.all([find(), find()])).toEqual([
    { health: 'ok', detail: null },
    { health: 'ok', detail: null },
  ])
  state.now = 14_999
  await find()
  expect(state.asked).toBe(1)
  state.now = 15_000
  await find()
  expect(state.asked).toBe(2)
})

it('says why, and sees when it is over', async () => {
  const { state, find } = createSetting()
  state.outcome = Promise.reject(new Error('connection refused'))
  expect(await find()).toEqual({ health: 'unreachable', detail: 'connection refused' })
  state.outcome = Promise.resolve()
  state.now = 15_000
  expect(await find()).toEqual({ health: 'ok', detail: null })
})

it('does not wait for a provider that hangs, and calls it unreachable until it has answered', async () => {
  const { state, find } = createSetting()
  state.outcome = new Promise(() => undefined)
  expect(await find()).toMatchObject({ health: 'unreachable' })
  expect(await find()).toMatchObject({ health: 'unreachable' })
  expect(state.asked).toBe(1)
})
