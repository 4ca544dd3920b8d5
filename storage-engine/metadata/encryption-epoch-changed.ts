/**
 * The namespace's encryption was switched after the body was prepared, and nothing was written (ENC-1). The caller looks
 * the bucket up again, seals the bytes as it now says, and commits once more.
 */
export class EncryptionEpochChanged extends Error {
  override readonly name = 'EncryptionEpochChanged'

  constructor() {
    super('The encryption of the namespace was switched during the write.')
  }
}
