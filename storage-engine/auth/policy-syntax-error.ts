/** A policy that cannot be read. Each door has its own code for it; the message is AWS's. */
export class PolicySyntaxError extends Error {
  override readonly name = 'PolicySyntaxError'

  constructor(message = 'This policy contains invalid Json', options?: { cause?: unknown }) {
    super(message, options)
  }
}
