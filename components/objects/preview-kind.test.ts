import { describe, expect, it } from 'vitest'
import { IMAGE_BYTES_MAX, indentJson, previewKindOf } from '#components/objects/preview-kind.ts'

const kindOf = (contentType: string, key = 'a', size = 10) => previewKindOf({ contentType, key, size })

describe('previewKindOf', () => {
  it('shows raster images up to a size', () => {
    expect(kindOf('image/png')).toBe('image')
    expect(kindOf('image/jpeg', 'a', IMAGE_BYTES_MAX)).toBe('image')
    expect(kindOf('image/jpeg', 'a', IMAGE_BYTES_MAX + 1)).toBe('image-too-large')
  })

  it.each(['image/svg+xml', 'text/html', 'application/xhtml+xml', 'text/markdown; charset=utf-8'])(
    'shows %s as text, never as a document',
    (type) => {
      expect(kindOf(type)).toBe('text')
    },
  )

  it('judges by the name only when the type says nothing', () => {
    expect(kindOf('application/octet-stream', 'notes.MD')).toBe('text')
    expect(kindOf('binary/octet-stream', 'data.json')).toBe('json')
    expect(kindOf('application/zip', 'trap.txt')).toBe('none')
    expect(kindOf('application/octet-stream', 'photo.png')).toBe('none')
  })

  it('knows JSON by type and suffix', () => {
    expect(kindOf('application/json')).toBe('json')
    expect(kindOf('application/vnd.api+json')).toBe('json')
  })
})

describe('indentJson', () => {
  it('indents JSON and leaves anything else alone', () => {
    expect(indentJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}')
    expect(indentJson('{"a":')).toBe('{"a":')
  })
})
