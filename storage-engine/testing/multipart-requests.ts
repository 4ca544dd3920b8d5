import type { OpenTestGateway } from '#storage-engine/testing/open-test-gateway.ts'
import type { RawAnswer } from '#storage-engine/testing/signed-request.ts'

export interface MultipartRequests {
  /** Begins an upload to a key of the bucket `bkt`; returns its id. */
  open(key: string, headers?: Record<string, string>): Promise<string>
  part(key: string, uploadId: string, partNumber: number, body: Buffer | string): Promise<RawAnswer>
}

export function multipartRequests({ send }: Pick<OpenTestGateway, 'send'>): MultipartRequests {
  return {
    async open(key, headers = {}) {
      const { text } = await send('POST', `/bkt/${key}?uploads=`, { headers })
      return /<UploadId>([^<]*)</.exec(text)?.[1] as string
    },
    part: (key, uploadId, partNumber, body) =>
      send('PUT', `/bkt/${key}?partNumber=${partNumber}&uploadId=${uploadId}`, { body }),
  }
}
