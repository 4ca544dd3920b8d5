import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StartupError } from '#storage-engine/errors.ts'
import { createTestBucketIn, startTestEngine, type TestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject } from '#storage-engine/testing/test-objects.ts'

let test: TestEngine
beforeEach(async () => {
  test = await startTestEngine()
})
afterEach(() => test.stop())

async function storeSomething(): Promise<void> {
  const bucket = await createTestBucketIn(test.engine)
  await putTestObject(test.engine, { bucket, key: 'k', body: Buffer.from('v') })
}

/** Rejects with a StartupError that says what to do; anything else fails. */
async function expectRefusal(environment: Record<string, string>, text: RegExp): Promise<void> {
  const error = await test.open(environment).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(StartupError)
  expect((error as StartupError).message).toMatch(text)
}

describe('an engine on an existing installation', () => {
  it('opens again with the same keys and nodes', async () => {
    await storeSomething()
    const second = await test.open()
    expect(second.clusterId).toBe(test.engine.clusterId)
    await second.close()
  })

  it('refuses another root key, and never makes a new one', async () => {
    const other = await startTestEngine()
    const wrongKey = path.join(test.directory, 'wrong-key.json')
    fs.copyFileSync(path.join(other.directory, 'root-key.json'), wrongKey)
    fs.chmodSync(wrongKey, 0o400)
    await expectRefusal({ SCEAU_ROOT_KEY_FILE: wrongKey }, /is not the one that sealed this installation/)
    const missing = path.join(test.directory, 'none.json')
    await expectRefusal({ SCEAU_ROOT_KEY_FILE: missing }, /is missing/)
    expect(fs.existsSync(missing)).toBe(false)
    await other.stop()
  })

  it('refuses a node directory of another installation', async () => {
    const other = await startTestEngine()
    await expectRefusal({ SCEAU_NODES: path.join(other.directory, 'nodes/1') }, /node/i)
    await other.stop()
  })

  it('refuses an empty directory once a blob was stored: its drive is not mounted', async () => {
    await storeSomething()
    const bare = path.join(test.directory, 'bare')
    fs.mkdirSync(bare)
    await expectRefusal({ SCEAU_NODES: bare }, /node/i)
    expect(fs.readdirSync(bare)).toEqual([])
  })

  it('says that it needs a database', async () => {
    await expectRefusal({ DATABASE_URL: '' }, /set DATABASE_URL/)
  })
})
