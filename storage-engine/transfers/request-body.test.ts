import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { readJsonBody, requestBody } from '#storage-engine/transfers/request-body.ts'

function requestOf(chunks: (string | Error)[], headers: Record<string, string>): IncomingMessage {
  const source = async function* () {
    for (const chunk of chunks) {
      if (chunk instanceof Error) throw chunk
      yield Buffer.from(chunk)
    }
  }
  return Object.assign(Readable.from(source()), { headers }) as unknown as IncomingMessage
}

test('hands over every chunk in order and waits for a slow sink', async () => {
  const body = requestBody(requestOf(['ab', 'c', 'de'], { 'content-length': '5' }))
  expect(body.declaredSize).toBe(5)
  const taken: string[] = []
  let busy = 0
  await body.drainTo(async (chunk) => {
    expect(++busy).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 1))
    taken.push(chunk.toString())
    busy--
  })
  expect(taken).toEqual(['ab', 'c', 'de'])
})

test.each([
  ['fewer bytes than declared', ['ab']],
  ['more bytes than declared', ['abcdef']],
  ['a connection that breaks off', ['ab', new Error('aborted')]],
])('refuses %s as IncompleteBody', async (_, chunks) => {
  const body = requestBody(requestOf(chunks, { 'content-length': '5' }))
  await expect(body.drainTo(() => {})).rejects.toMatchObject({ code: 'IncompleteBody' })
})

test('passes on what the sink throws', async () => {
  const body = requestBody(requestOf(['abcde'], { 'content-length': '5' }))
  const full = new Error('disk full')
  await expect(
    body.drainTo(() => {
      throw full
    }),
  ).rejects.toBe(full)
})

test.each([
  ['too much', { 'content-type': 'application/json' }, ['{"a":', '"bcdefghij"}'], 'MaxMessageLengthExceeded'],
  ['no JSON', { 'content-type': 'application/json' }, ['{'], 'InvalidRequest'],
  ['another type', { 'content-type': 'text/plain' }, ['{}'], 'InvalidRequest'],
])('refuses %s in place of a JSON body', async (_, headers, chunks, code) => {
  await expect(readJsonBody(requestOf(chunks, headers), 10)).rejects.toMatchObject({ code })
})

test('reads JSON up to the limit', async () => {
  const request = requestOf(['{"a":', '123}'], { 'content-type': 'application/json; charset=utf-8' })
  expect(await readJsonBody(request, 9)).toEqual({ a: 123 })
})
