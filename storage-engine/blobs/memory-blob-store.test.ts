import { describeBlobStore } from '#storage-engine/blobs/blob-store.conformance.ts'
import { createMemoryBlobStore } from '#storage-engine/blobs/memory-blob-store.ts'

describeBlobStore('The memory store', async () => createMemoryBlobStore())
