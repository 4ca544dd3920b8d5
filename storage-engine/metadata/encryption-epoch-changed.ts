/**
 * The namespace's encryption was switched after the body was prepared (ENC-1), or its keys were changed, and nothing was
 * written. The caller looks the bucket up again, seals the bytes and wraps their key as it now says, and commits once more.
 */
export class EncryptionEpochChanged extends Error {
  override readonly name = 'EncryptionEpochChanged'

  constructor() {
    super('The encryption of the namespace was switched during the write.')
  }
}
