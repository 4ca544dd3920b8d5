'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { bucketKeys } from '#components/buckets/queries.ts'
import { encryptionKeys } from '#components/encryption/queries.ts'
import { namespaceKeys } from '#components/namespaces/queries.ts'

interface EncryptionChange<Input, Output> {
  /** Asks the server. */
  change: (input: Input) => Promise<Output>
  onDone: (output: Output, input: Input) => void
}

/** A change of a namespace's encryption: whatever shows any of it asks again. */
export function useEncryptionChange<Input, Output>(
  namespace: string,
  { change, onDone }: EncryptionChange<Input, Output>,
) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: async (output, input) => {
      await Promise.all(
        [encryptionKeys.all(namespace), namespaceKeys.all, bucketKeys.all(namespace)].map((queryKey) =>
          queryClient.invalidateQueries({ queryKey }),
        ),
      )
      onDone(output, input)
    },
  })
}
