import { S3Client } from '@aws-sdk/client-s3'
import type { TestCaller, TestGateway } from '#storage-engine/testing/start-test-gateway.ts'

/** The AWS SDK as an application uses it: nothing is set but where and who. */
export function createSdkClient(gateway: TestGateway, caller: TestCaller): S3Client {
  return new S3Client({
    endpoint: gateway.endpoint,
    region: 'us-east-1',
    credentials: gateway.credentials[caller],
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: { httpsAgent: gateway.agent },
  })
}
