import { randomInt } from 'node:crypto'

/** No letter or digit that is taken for another when it is typed off a terminal. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
/** 24 of 57 characters are 140 bits. */
const LENGTH = 24

/** A password that is shown once, on a terminal. */
export function generatePassword(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}
