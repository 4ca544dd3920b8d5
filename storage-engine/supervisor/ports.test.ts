import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { checkPorts } from '#storage-engine/supervisor/ports.ts'

async function takePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

it('names the port that is taken, what it is for and the setting that changes it', async () => {
  const free = await takePort()
  free.server.close()
  const { server, port } = await takePort()
  const host = '127.0.0.1'
  const claims = [
    { purpose: 'S3', setting: 'SCEAU_S3_PORT', port: free.port, host },
    { purpose: 'console', setting: 'SCEAU_CONSOLE_PORT', port, host },
  ]
  await expect(checkPorts(claims)).rejects.toThrow(
    `Port ${port} (console) is taken: stop the program that listens there, or set SCEAU_CONSOLE_PORT to another port.`,
  )
  server.close()
  await once(server, 'close')
  await expect(checkPorts(claims)).resolves.toBeUndefined()
})

it('says that an address is not of this machine', async () => {
  const claim = { purpose: 'S3', setting: 'SCEAU_S3_PORT', port: 9000, host: '192.0.2.1' }
  await expect(checkPorts([claim])).rejects.toThrow('This machine has no address 192.0.2.1: correct SCEAU_HOST.')
})
