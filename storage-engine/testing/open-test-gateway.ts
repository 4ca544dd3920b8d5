import { afterAll } from 'vitest'
import { type RawAnswer, type RawRequest, sendSigned } from '#storage-engine/testing/signed-request.ts'
import {
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from '#storage-engine/testing/start-test-gateway.ts'

export interface OpenTestGateway {
  gateway: TestGateway
  /** Signed by the root user of acme unless `as` says otherwise. */
  send(method: string, target: string, input?: Partial<RawRequest>): Promise<RawAnswer>
}

/** A gateway for the tests of one file, stopped behind the last of them. Called at the top of the file. */
export async function openTestGateway(options: TestGatewayOptions = {}): Promise<OpenTestGateway> {
  const gateway = await startTestGateway(options)
  afterAll(() => gateway.stop())
  return { gateway, send: (method, target, input = {}) => sendSigned(gateway, { method, target, ...input }) }
}
