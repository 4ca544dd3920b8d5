import { expect, it } from 'vitest'
import { userMetadataHeaders } from '#storage-engine/s3/user-metadata-headers.ts'

const BOTO3 = new Map([['user-agent', 'Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux lang/python#3.11.7']])
const AWS_CLI = new Map([['user-agent', 'aws-cli/2.36.12 md/awscrt#0.31 lang/python#3.13']])
const GO = new Map([['user-agent', 'aws-sdk-go-v2/1.39 lang/go#1.25']])

/** As headers travel: one character a byte. */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

it.each([BOTO3, AWS_CLI])('gives a client on Python back the text that it sent', (headers) => {
  expect(userMetadataHeaders({ name: bytesOf('café') }, headers)).toEqual(['x-amz-meta-name', 'café'])
})

it.each([GO, new Map<string, string>()])('gives every other client the bytes that were sent', (headers) => {
  expect(userMetadataHeaders({ name: bytesOf('café') }, headers)).toEqual(['x-amz-meta-name', bytesOf('café')])
})

it.each(['plain', 'caf\xe9', bytesOf('東京'), bytesOf('\ufffd')])(
  'leaves %j alone, which Latin-1 says no better',
  (value) => {
    expect(userMetadataHeaders({ name: value }, BOTO3)).toEqual(['x-amz-meta-name', value])
  },
)
