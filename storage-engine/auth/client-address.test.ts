import { expect, test } from 'vitest'
import { clientAddressOf, trustedProxiesOf } from '#storage-engine/auth/client-address.ts'

const forwarded = (value: string) => new Map([['x-forwarded-for', value]])
const proxies = trustedProxiesOf(['10.0.0.0/8', 'fd00::/8', '192.0.2.7'])

test('C15: takes the socket peer when it is no listed proxy, whatever headers say', () => {
  expect(clientAddressOf('203.0.113.9', forwarded('1.2.3.4'), proxies)).toBe('203.0.113.9')
  expect(clientAddressOf('10.0.0.1', forwarded('1.2.3.4'), null)).toBe('10.0.0.1')
  expect(clientAddressOf('::ffff:203.0.113.9', new Map(), null)).toBe('203.0.113.9')
})

test('C15: reads X-Forwarded-For from its end, as far as listed proxies wrote it', () => {
  expect(clientAddressOf('10.0.0.1', forwarded('1.2.3.4, 203.0.113.9'), proxies)).toBe('203.0.113.9')
  expect(clientAddressOf('::ffff:10.0.0.1', forwarded('1.2.3.4,203.0.113.9,192.0.2.7'), proxies)).toBe('203.0.113.9')
  expect(clientAddressOf('fd00::1', forwarded('2001:db8::5'), proxies)).toBe('2001:db8::5')
})

test('stays with the last proxy when it names nobody', () => {
  expect(clientAddressOf('10.0.0.1', new Map(), proxies)).toBe('10.0.0.1')
  expect(clientAddressOf('10.0.0.1', forwarded('nonsense'), proxies)).toBe('10.0.0.1')
  expect(clientAddressOf('10.0.0.1', forwarded('10.0.0.3'), proxies)).toBe('10.0.0.3')
})
