import { expect, test } from 'vitest'
import { contentHeaders } from '#storage-engine/transfers/content-headers.ts'

const inline = (contentType: string, key = 'a') => contentHeaders({ key, contentType, disposition: 'inline' })

test.each(['image/png', 'image/jpeg', 'video/mp4', 'IMAGE/PNG; x=y'])('shows %s as it is', (type) => {
  expect(inline(type)['content-type']).toBe(type.split(';')[0]?.toLowerCase())
  expect(inline(type)['content-disposition']).toMatch(/^inline;/)
})

test.each([
  'text/html',
  'text/html; charset=utf-7',
  'image/svg+xml',
  'application/xhtml+xml',
  'application/javascript',
  'text/javascript',
  'application/json',
  'text/css',
  'application/xml',
])('shows %s as plain text, so that it never runs', (type) => {
  expect(inline(type)['content-type']).toBe('text/plain; charset=utf-8')
})

test.each([
  'application/octet-stream',
  'application/x-shockwave-flash',
  'multipart/x-mixed-replace',
  '',
  'nonsense',
  'application/pdf',
])('saves %s to a file even when asked to show it', (type) => {
  expect(inline(type)['content-type']).toBe('application/octet-stream')
  expect(inline(type)['content-disposition']).toMatch(/^attachment;/)
})

test('saves everything to a file when asked for an attachment', () => {
  const headers = contentHeaders({ key: 'a.png', contentType: 'image/png', disposition: 'attachment' })
  expect(headers).toMatchObject({ 'content-type': 'application/octet-stream' })
  expect(headers['content-disposition']).toMatch(/^attachment;/)
})

test('sandboxes every answer', () => {
  expect(inline('image/png')['content-security-policy']).toMatch(/^sandbox;/)
})

test.each([
  ['dir/été "1".txt', `filename="_t_ _1_.txt"; filename*=UTF-8''%C3%A9t%C3%A9%20%221%22.txt`],
  ['a\r\nset-cookie: x=y', `filename="a__set-cookie: x=y"; filename*=UTF-8''a__set-cookie%3A%20x%3Dy`],
  ['photo\u202egpj.exe', `filename="photo_gpj.exe"; filename*=UTF-8''photo_gpj.exe`],
  ['folder/', `filename="folder"; filename*=UTF-8''folder`],
  ["it's(1)*.txt", `filename="it's(1)*.txt"; filename*=UTF-8''it%27s%281%29%2A.txt`],
  ['\ud800.txt', `filename="_.txt"; filename*=UTF-8''%EF%BF%BD.txt`],
])('names the file of %j without letting it mislead', (key, parameters) => {
  expect(inline('image/png', key)['content-disposition']).toBe(`inline; ${parameters}`)
})
