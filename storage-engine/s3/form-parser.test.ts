import { describe, expect, it } from 'vitest'
import { boundaryOf, createFormParser } from '#storage-engine/s3/form-parser.ts'

interface Parsed {
  fields: [string, string][]
  fileName: string | null
  file: string
}

/** Feeds `body` in pieces of `step` bytes; every chunk of the file is awaited when `isSlow`. */
async function parse(body: string | Buffer, { step = 1e9, isSlow = false } = {}): Promise<Parsed> {
  const parsed: Parsed = { fields: [], fileName: null, file: '' }
  const pause = () => (isSlow ? new Promise<void>((resolve) => setImmediate(resolve)) : undefined)
  const parser = createFormParser({
    boundary: 'B',
    onField: (name, value) => parsed.fields.push([name, value]),
    onFile(fileName) {
      parsed.fileName = fileName
      return pause()
    },
    onFileData(chunk) {
      parsed.file += chunk.toString('latin1')
      return pause()
    },
  })
  const bytes = Buffer.from(body as string)
  for (let at = 0; at < bytes.length; at += step) await parser.push(bytes.subarray(at, at + step))
  parser.finish()
  return parsed
}

const part = (disposition: string, content: string) =>
  `--B\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`
const END = '--B--\r\n'
const FILE = part('name="file"; filename="a.txt"', 'content')
const refusal = (body: string | Buffer) =>
  parse(body).then(
    () => 'ok',
    (error) => error.code,
  )

describe('a form', () => {
  const body = `${part('name="Key"', 'k')}${part('name="empty"', '')}${part('name="acl"; filename="acl"', 'private')}${FILE}${part('name="late"', 'x')}${END}`

  it.each([1, 2, 3, 7, 64, 1e9])('is read alike in pieces of %d bytes', async (step) => {
    for (const isSlow of [false, true]) {
      expect(await parse(body, { step, isSlow })).toEqual({
        fields: [
          ['key', 'k'],
          ['empty', ''],
          ['acl', 'private'],
        ],
        fileName: 'a.txt',
        file: 'content',
      })
    }
  })

  it.each(['', '\r\n', '\r\n--', '\r\n--C', '--B--', '\n--B', '\r\n-\r\n--b\r\n', '\0'.repeat(100_000)])(
    'gives back a file of %j as it is',
    async (content) => {
      for (const step of content.length > 1000 ? [1000, 65_536] : [1, 5, 1e9]) {
        expect((await parse(part('name="file"', content) + END, { step })).file).toBe(content)
      }
    },
  )

  it.each([
    ['name="file"; filename="C:\\dir\\a.txt"', 'a.txt'],
    ['name="file"; filename="/tmp/a.txt"', 'a.txt'],
    ['name="file"; filename="a \\"b\\".txt"', 'a "b".txt'],
    ['name="file"; filename="é.txt"', 'é.txt'],
    ["name=file; filename*=utf-8''%C3%A9.txt", 'é.txt'],
    ['name=file; filename=a.txt', 'a.txt'],
    ['name="file"', ''],
  ])('%s is a file called %s', async (disposition, fileName) => {
    expect((await parse(part(disposition, 'x') + END)).fileName).toBe(fileName)
  })

  it('reads the headers of a part in any order and case', async () => {
    const headers = 'Content-Type: text/plain\r\nCONTENT-DISPOSITION:form-data;name="file"'
    expect((await parse(`--B\r\n${headers}\r\n\r\nx\r\n${END}`)).file).toBe('x')
  })
})

describe('what is no form', () => {
  it.each([
    ['nothing', '', 'MalformedPOSTRequest'],
    ['another boundary', FILE.replace('--B', '--C') + END, 'MalformedPOSTRequest'],
    ['text before the first boundary', `x\r\n${FILE}${END}`, 'MalformedPOSTRequest'],
    ['a boundary that goes on', FILE.replace('--B', '--Bx') + END, 'MalformedPOSTRequest'],
    ['a file that does not end', FILE, 'MalformedPOSTRequest'],
    ['an end in the middle of a file', part('name="file"', 'x').slice(0, -2), 'MalformedPOSTRequest'],
    ['a part without a name', part('filename="x"', 'x') + END, 'MalformedPOSTRequest'],
    ['a part without a disposition', `--B\r\nContent-Type: x\r\n\r\nx\r\n${END}`, 'MalformedPOSTRequest'],
    ['a field that is not UTF-8', Buffer.from(part('name="a"', '\xff') + FILE + END, 'latin1'), 'MalformedPOSTRequest'],
    [
      'a file name that is not encoded right',
      part("name=file; filename*=utf-8''%C3", 'x') + END,
      'MalformedPOSTRequest',
    ],
    ['no file', part('name="key"', 'k') + END, 'InvalidArgument'],
    ['no part at all', END, 'InvalidArgument'],
  ])('%s is refused', async (_, body, code) => {
    expect(await refusal(body)).toBe(code)
  })

  it('may have 20 KB beside its file, and no more', async () => {
    const sized = (size: number) => part('name="a"', 'x'.repeat(size)) + FILE + END
    const around = sized(0).length - 'content'.length
    expect(await refusal(sized(20_480 - around))).toBe('ok')
    expect(await refusal(sized(20_481 - around))).toBe('MaxPostPreDataLengthExceeded')
  })

  it.each([
    ['a field', part('name="a"', 'x'.repeat(30_000)) + FILE + END],
    ['headers', `--B\r\n${'X: y\r\n'.repeat(10_000)}\r\nx\r\n${END}`],
    ['an end', FILE + END + 'x'.repeat(30_000)],
  ])('is refused for %s that is too long, before all of it has come', async (_, body) => {
    await expect(parse(body, { step: 1000 })).rejects.toMatchObject({ code: 'MaxPostPreDataLengthExceeded' })
    await expect(parse(body)).rejects.toMatchObject({ code: 'MaxPostPreDataLengthExceeded' })
  })
})

describe('the boundary', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data; charset=utf-8; Boundary="a b"', 'a b'],
    ['text/plain', null],
    ['multipart/form-database; boundary=abc', null],
    [undefined, null],
  ])('of %s is %s', (contentType, boundary) => {
    expect(boundaryOf(contentType)).toBe(boundary)
  })

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary=${'x'.repeat(201)}`,
  ])('of %s is refused', (contentType) => {
    expect(() => boundaryOf(contentType)).toThrow(expect.objectContaining({ code: 'MalformedPOSTRequest' }))
  })
})
