import { once } from 'node:events'
import { createServer } from 'node:net'
import { StartupError } from '#storage-engine/errors.ts'

export interface PortClaim {
  /** What it is for, as the operator calls it. */
  purpose: string
  setting: string
  port: number
  host: string
}

/** Throws StartupError that names the first port which cannot be had; nothing is kept open. */
export async function checkPorts(claims: PortClaim[]): Promise<void> {
  for (const claim of claims) {
    const server = createServer()
    try {
      server.listen({ port: claim.port, host: claim.host })
      await once(server, 'listening')
    } catch (error) {
      throw describeListenError(error, claim)
    }
    server.close()
    await once(server, 'close')
  }
}

function describeListenError(cause: unknown, { purpose, setting, port, host }: PortClaim): StartupError {
  const { code } = cause as NodeJS.ErrnoException
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} (${purpose}) is taken: stop the program that listens there, or set ${setting} to another port.`,
    EACCES: `Port ${port} (${purpose}) needs more rights: set ${setting} to a port from 1024 on.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: correct SCEAU_HOST.`,
    ENOTFOUND: `This machine has no address ${host}: correct SCEAU_HOST.`,
  }
  const otherwise = `Port ${port} (${purpose}) cannot be opened (${code}): set ${setting} or SCEAU_HOST.`
  return new StartupError(reasons[code ?? ''] ?? otherwise, { cause })
}
