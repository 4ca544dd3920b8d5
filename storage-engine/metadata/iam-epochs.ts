import type { Queryable } from '#storage-engine/metadata/database.ts'

/**
 * Tells every gateway that who may do what in the namespace has changed. In the transaction of the change, and after it:
 * the row's lock lasts to the commit, so changes of one namespace that touch the same thing come one after the other.
 */
export async function growIamEpoch(tx: Queryable, { namespaceId }: { namespaceId: string }): Promise<void> {
  await tx.query({
    name: 'grow-iam-epoch',
    text: `
insert into iam_epochs (namespace_id, epoch) values ($1, 1)
on conflict (namespace_id) do update set epoch = iam_epochs.epoch + 1`,
    values: [namespaceId],
  })
}
