import { describe, expect, it } from 'vitest'
import { resolveEgress } from '#storage-engine/namespaces/egress-address.ts'

describe('C10: the address of a webhook', () => {
  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '[::]',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::7f00:1]',
    '[fe80::1]',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[ff02::1]',
    '[2002:7f00:1::1]',
    '[2001:db8::1]',
    'localhost',
  ])('is never %s, unless the operator says so', async (host) => {
    expect(await resolveEgress(host, [])).toBeNull()
  })

  it.each(['8.8.8.8', '172.32.0.1', '[2606:4700::1111]'])('may be %s', async (host) => {
    expect(await resolveEgress(host, [])).toMatchObject({ isAllowed: false })
  })

  it('may be one that the operator named, by itself or by its range', async () => {
    expect(await resolveEgress('10.1.2.3', ['10.1.0.0/16'])).toMatchObject({ address: '10.1.2.3', isAllowed: true })
    expect(await resolveEgress('10.2.2.3', ['10.1.0.0/16'])).toBeNull()
    expect(await resolveEgress('[fd00::7]', ['fd00::7'])).toMatchObject({ address: 'fd00::7', family: 6 })
    expect(await resolveEgress('localhost', ['127.0.0.0/8', '::1'])).toMatchObject({ isAllowed: true })
  })

  it('is none for a name that leads nowhere', async () => {
    expect(await resolveEgress('does-not-exist.invalid', [])).toBeNull()
  })
})
