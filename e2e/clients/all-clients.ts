import { awsCliV1, awsCliV2 } from '#e2e/clients/aws-cli.ts'
import type { Client } from '#e2e/clients/client.ts'
import { rclone, restic, s3cmd, s3cmdSigV2 } from '#e2e/clients/debian-clients.ts'
import { pgbackrest } from '#e2e/clients/pgbackrest.ts'
import { s3fs } from '#e2e/clients/s3fs.ts'
import { awsSdkJs, boto3, minioJs } from '#e2e/clients/sdk-scripts.ts'

export const CLIENTS: Client[] = [
  awsCliV2,
  awsCliV1,
  boto3,
  awsSdkJs,
  minioJs,
  rclone,
  restic,
  s3cmd,
  s3cmdSigV2,
  s3fs,
  pgbackrest,
]
/** Those that also move 5 GiB with --large. */
export const LARGE_CLIENTS = [awsCliV2, rclone]
