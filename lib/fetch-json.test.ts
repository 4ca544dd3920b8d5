import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fetchJson } from '#lib/fetch-json.ts'

const server = createServer(async (req, res) => {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const answer = (status: number, body: string) => res.writeHead(status, { 'x-request-id': 'from-header' }).end(body)
  if (req.url === '/echo') {
    answer(
      200,
      JSON.stringify({ method: req.method, type: req.headers['content-type'] ?? null, body: chunks.join('') }),
    )
  } else if (req.url === '/refused') {
    answer(409, JSON.stringify({ error: { code: 'BucketNotEmpty', message: 'Not empty', requestId: 'r-1' } }))
  } else if (req.url === '/page') answer(502, '<html>Bad gateway</html>')
  else answer(200, '{"other":1}')
})
const echo = z.object({ method: z.string(), type: z.string().nullable(), body: z.string() })
let base = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.close()
})

describe('fetchJson', () => {
  it('sends JSON with every mutation, an empty object when there is nothing to say', async () => {
    const sent = await fetchJson(`${base}/echo`, { method: 'PUT', body: { mode: 'on' }, schema: echo })
    expect(sent).toEqual({ method: 'PUT', type: 'application/json', body: '{"mode":"on"}' })
    expect(await fetchJson(`${base}/echo`, { method: 'POST', schema: echo })).toMatchObject({ body: '{}' })
    expect(await fetchJson(`${base}/echo`, { schema: echo })).toEqual({ method: 'GET', type: null, body: '' })
  })

  it('carries the code and the request id of a refusal', async () => {
    await expect(fetchJson(`${base}/refused`)).rejects.toMatchObject({
      failure: { status: 409, code: 'BucketNotEmpty', message: 'Not empty', requestId: 'r-1' },
    })
  })

  it('makes sense of an answer that is not ours', async () => {
    await expect(fetchJson(`${base}/page`)).rejects.toMatchObject({
      failure: { status: 502, code: 'Http502', requestId: 'from-header' },
    })
  })

  it('names a lost connection', async () => {
    await expect(fetchJson('http://127.0.0.1:1/')).rejects.toMatchObject({
      failure: { status: 0, code: 'NetworkError' },
    })
  })

  it('refuses an answer of another shape', async () => {
    await expect(fetchJson(`${base}/other`, { schema: echo })).rejects.toThrow(z.ZodError)
  })
})
