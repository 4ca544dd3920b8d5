import type { Queryable } from '#storage-engine/metadata/database.ts'

/**
 * Runs one change of a namespace's IAM and tells every gateway that who may do what has changed. Changes of one namespace
 * come one after the other, by the lock on its row, so that a limit which `change` checks first holds when it commits.
 */
export function changeIam<T>(
  db: Queryable,
  { namespaceId }: { namespaceId: string },
  change: (tx: Queryable) => Promise<T>,
): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.query({
      name: 'grow-iam-epoch',
      text: `
insert into iam_epochs (namespace_id, epoch) values ($1, 1)
on conflict (namespace_id) do update set epoch = iam_epochs.epoch + 1`,
      values: [namespaceId],
    })
    return change(tx)
  })
}
